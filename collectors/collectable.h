// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/collectable.h>

#include <span>

#include "exporter/metrics/metric_families.h"

namespace volumeter {

// The families of a prometheus-cpp Collectable in our vocabulary, labels in the order of
// their desc. Of its families only those are taken that are declared, with the same type
// and labels; an untyped one counts as a gauge. Passes on what Collect() throws.
MetricFamilies to_families(const prometheus::Collectable& collectable,
                           std::span<const MetricDesc* const> declared);

}  // namespace volumeter
