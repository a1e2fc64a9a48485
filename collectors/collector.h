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

  // All metrics that collect() can emit.
  virtual std::span<const MetricDesc* const> describe() const = 0;

  // Labels may point into `host`, which must outlive the families.
  virtual MetricFamilies collect(const HostSnapshot& host) const = 0;
};

}  // namespace volumeter
