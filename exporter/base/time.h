// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace volumeter {

// Times of the two clocks. Only sources/ and monitor/ read clocks; other modules are given times.
using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;
using Seconds = std::chrono::duration<double>;

// Converts seconds and fraction separately: nanoseconds since 1970 exceed the 53 bits of a double,
// and 1700000000.25 would become .2499998.
inline double unix_seconds(WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return static_cast<double>(whole.time_since_epoch().count()) + Seconds(time - whole).count();
}

inline WallTime from_unix_seconds(double seconds) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(Seconds(seconds)));
}

}  // namespace volumeter
