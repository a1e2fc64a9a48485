// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace volumeter {

// Errors of I/O by errno(3); one without a class of its own is kOther.
enum class IoError : std::size_t { kEio, kEnospc, kErofs, kEdquot, kOther };
inline constexpr std::size_t kIoErrors = 5;

// Latencies are counted by powers of two nanoseconds: bucket i holds those of at most
// 2^(i + kFirstLatencyBucket) ns, the first all below, the last all above.
inline constexpr std::size_t kFirstLatencyBucket = 10;
inline constexpr std::size_t kLatencyBuckets = 26;

// How often one kind of operation was done, how long it took and how it failed.
struct IoCounts {
  std::uint64_t operations = 0;  // that did not fail
  std::uint64_t bytes = 0;
  std::uint64_t nanoseconds = 0;                         // of all of them
  std::array<std::uint64_t, kLatencyBuckets> latency{};  // how many took so long: latency_bound()
  std::array<std::uint64_t, kIoErrors> errors{};         // by IoError

  std::uint64_t& failed_with(IoError error) { return errors.at(static_cast<std::size_t>(error)); }

  // Of what the kernel counted, or of our own.
  template <typename Counts>
  void add(const Counts& more) {
    operations += more.operations;
    bytes += more.bytes;
    nanoseconds += more.nanoseconds;
    for (std::size_t i = 0; i < latency.size(); ++i) latency.at(i) += more.latency[i];
    for (std::size_t i = 0; i < errors.size(); ++i) errors.at(i) += more.errors[i];
  }

  // What is new since `before`, which counted no more than this.
  IoCounts since(const IoCounts& before) const {
    IoCounts news = *this;
    news.operations -= before.operations;
    news.bytes -= before.bytes;
    news.nanoseconds -= before.nanoseconds;
    for (std::size_t i = 0; i < latency.size(); ++i) news.latency.at(i) -= before.latency.at(i);
    for (std::size_t i = 0; i < errors.size(); ++i) news.errors.at(i) -= before.errors.at(i);
    return news;
  }

  bool operator==(const IoCounts&) const = default;
};

// The longest latency, in seconds, that bucket `i` counts; the last bucket has no bound.
constexpr double latency_bound(std::size_t i) {
  return static_cast<double>(std::uint64_t{1} << (i + kFirstLatencyBucket)) / 1e9;
}

}  // namespace volumeter
