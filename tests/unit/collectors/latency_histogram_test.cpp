// SPDX-License-Identifier: Apache-2.0
#include "collectors/latency_histogram.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

namespace volumeter::latency_histogram_test {
namespace {

// As the eBPF programs count it: bucket_of() in exporter/sources/ebpf/bpf/counting.bpf.h.
void count(IoCounts& counts, std::uint64_t nanoseconds) {
  std::size_t bucket = 0;
  while (bucket + 1 < kLatencyBuckets && nanoseconds > std::uint64_t{1}
                                                           << (bucket + kFirstLatencyBucket)) {
    ++bucket;
  }
  ++counts.operations;
  ++counts.latency.at(bucket);
  counts.nanoseconds += nanoseconds;
}

// The number of calls of at most this many seconds.
std::uint64_t within(const HistogramValue& histogram, double seconds) {
  for (const HistogramBucket& bucket : histogram.buckets) {
    if (bucket.upper_bound == Approx(seconds)) return bucket.cumulative_count;
  }
  FAIL("no bucket up to " << seconds);
  return 0;
}

TEST_CASE("bucket bounds are in seconds, from 8 us to 8.6 s, each twice the previous") {
  const HistogramValue histogram = latency_histogram({});
  const auto& buckets = histogram.buckets;
  REQUIRE(buckets.size() == 22);
  CHECK(buckets.front().upper_bound == Approx(8.192e-6));
  CHECK(buckets[20].upper_bound == Approx(8.589934592));
  for (std::size_t i = 1; i < 21; ++i) {
    CHECK(buckets[i].upper_bound == 2 * buckets[i - 1].upper_bound);
  }
  CHECK(std::isinf(buckets.back().upper_bound));
}

TEST_CASE("a bucket counts calls up to its bound") {
  IoCounts counts;
  count(counts, 1);
  count(counts, 8192);
  count(counts, 8193);
  count(counts, 1'000'000);
  const HistogramValue histogram = latency_histogram(counts);
  CHECK(within(histogram, 8.192e-6) == 2);
  CHECK(within(histogram, 16.384e-6) == 3);
  CHECK(within(histogram, 524.288e-6) == 3);
  CHECK(within(histogram, 1048.576e-6) == 4);
  CHECK(within(histogram, 8.589934592) == 4);
  CHECK(histogram.buckets.back().cumulative_count == 4);
  CHECK(histogram.sum == Approx(1.016386e-3));
}

TEST_CASE("calls longer than the last bound count only in the +Inf bucket") {
  IoCounts counts;
  count(counts, 8'589'934'592);
  count(counts, 8'589'934'593);
  count(counts, 3'600'000'000'000);
  const HistogramValue histogram = latency_histogram(counts);
  CHECK(within(histogram, 8.589934592) == 1);
  CHECK(histogram.buckets.back().cumulative_count == 3);
}

TEST_CASE("random kernel buckets yield cumulative counts without losses") {
  IoCounts counts;
  std::iota(counts.latency.begin(), counts.latency.end(), std::uint64_t{1});
  const HistogramValue histogram = latency_histogram(counts);
  for (std::size_t i = 1; i < histogram.buckets.size(); ++i) {
    CHECK(histogram.buckets[i - 1].cumulative_count < histogram.buckets[i].cumulative_count);
    CHECK(histogram.buckets[i - 1].upper_bound < histogram.buckets[i].upper_bound);
  }
  CHECK(histogram.buckets.back().cumulative_count == kLatencyBuckets * (kLatencyBuckets + 1) / 2);
}

}  // namespace
}  // namespace volumeter::latency_histogram_test
