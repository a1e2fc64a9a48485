// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/metrics/metric_families.h"
#include "exporter/model/snapshot.h"

namespace volumeter {

// Latencies as a histogram in seconds, from 8 us to 8.6 s by powers of two: faster calls were
// served from memory, and each bucket costs a series per volume.
HistogramValue latency_histogram(const IoCounts& counts);

}  // namespace volumeter
