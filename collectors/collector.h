// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "exporter/metrics/metric_families.h"
#include "exporter/model/snapshot.h"

namespace volumeter {

// Turns facts into metrics: a pure function of the snapshot. It does no I/O and cannot fail:
// the sources were read before, and unknown facts are absent from the snapshot.
class Collector {
 public:
  virtual ~Collector() = default;

  // Every metric that collect() may emit.
  virtual std::span<const MetricDesc* const> describe() const = 0;

  // The labels of the families may point into `host`, which outlives them.
  virtual MetricFamilies collect(const HostSnapshot& host) const = 0;
};

}  // namespace volumeter
