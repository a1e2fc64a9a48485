// SPDX-License-Identifier: Apache-2.0
#include "collectors/latency_histogram.h"

#include <limits>

namespace volumeter {
namespace {

constexpr std::size_t kFirstShown = 3;  // 2^13 ns
constexpr std::size_t kLastShown = 23;  // 2^33 ns

}  // namespace

HistogramValue latency_histogram(const IoCounts& counts) {
  HistogramValue histogram;
  histogram.buckets.reserve(kLastShown - kFirstShown + 2);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts.latency.size(); ++i) {
    sum += counts.latency.at(i);
    if (i >= kFirstShown && i <= kLastShown) histogram.buckets.push_back({latency_bound(i), sum});
  }
  histogram.buckets.push_back({std::numeric_limits<double>::infinity(), sum});
  histogram.sum = static_cast<double>(counts.nanoseconds) / 1e9;
  return histogram;
}

}  // namespace volumeter
