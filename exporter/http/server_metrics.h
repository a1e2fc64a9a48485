// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>

#include "exporter/base/time.h"

namespace volumeter {

// The HTTP server's own counters, declared in metrics/server_metric_descs.h. Thread-safe.
class ServerMetrics {
 public:
  ServerMetrics();

  void responded(unsigned status, std::size_t body_bytes);
  void scraped(Seconds duration);

  // For the collector that exports them.
  std::shared_ptr<const prometheus::Collectable> collectable() const { return registry_; }

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& responses_;
  prometheus::Counter& response_bytes_;
  prometheus::Histogram& scrape_duration_;
};

}  // namespace volumeter
