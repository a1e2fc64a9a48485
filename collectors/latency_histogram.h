// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/metrics/metric_families.h"
#include "exporter/model/snapshot.h"

namespace volumeter {

// Latencies as a histogram in seconds, from 8 us to 8.6 s by powers of two: what is faster never
// left memory, and each bucket is a series of each volume.
HistogramValue latency_histogram(const IoCounts& counts);

}  // namespace volumeter
