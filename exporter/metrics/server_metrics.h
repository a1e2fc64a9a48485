// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>

#include <span>

#include "exporter/base/time.h"
#include "exporter/metrics/metric_families.h"

namespace volumeter {

// The HTTP server's own counters: http/ fills them, a collector exports them. Thread-safe.
class ServerMetrics {
 public:
  ServerMetrics();

  static std::span<const MetricDesc* const> describe();

  void responded(unsigned status, std::size_t body_bytes);
  void scraped(Seconds duration);

  MetricFamilies collect() const;

 private:
  prometheus::Family<prometheus::Counter> responses_;
  prometheus::Counter response_bytes_;
  prometheus::Histogram scrape_duration_;
};

}  // namespace volumeter
