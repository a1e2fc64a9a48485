// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>

#include <cstdint>
#include <functional>
#include <span>

#include "exporter/base/time.h"
#include "exporter/metrics/metric_families.h"

namespace volumeter {

// The counters of an agent that serves, and that --once has not: http/ fills them, a collector
// exports them. Thread-safe.
class ServerMetrics {
 public:
  // `log_dropped`: how many lines the log has lost so far.
  explicit ServerMetrics(std::function<std::uint64_t()> log_dropped = {});

  static std::span<const MetricDesc* const> describe();

  void responded(unsigned status, std::size_t body_bytes);
  void scraped(Seconds duration);

  MetricFamilies collect() const;

 private:
  const std::function<std::uint64_t()> log_dropped_;
  prometheus::Family<prometheus::Counter> responses_;
  prometheus::Counter response_bytes_;
  prometheus::Histogram scrape_duration_;
};

}  // namespace volumeter
