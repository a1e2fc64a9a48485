// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "exporter/sources/io/bpf/shared.h"

namespace volumeter {

// How often one kind of operation was done, how long it took and how it failed.
struct IoCounts {
  std::uint64_t operations = 0;  // that did not fail
  std::uint64_t bytes = 0;
  std::uint64_t nanoseconds = 0;                    // of all of them
  std::array<std::uint64_t, IO_BUCKETS> latency{};  // how many took so long: latency_bound()
  std::array<std::uint64_t, IO_ERRORS> errors{};    // by enum io_error

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
  return static_cast<double>(std::uint64_t{1} << (i + IO_FIRST_BUCKET)) / 1e9;
}

}  // namespace volumeter
