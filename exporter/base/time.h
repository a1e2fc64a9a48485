// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace volumeter {

// Names for the two clocks. Only sources/ reads them; everyone else is handed a time.
using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;
using Seconds = std::chrono::duration<double>;

// Whole seconds and their fraction apart: nanoseconds since 1970 exceed the 53 bits of a
// double, and 1700000000.25 would come out as .2499998.
inline double unix_seconds(WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return static_cast<double>(whole.time_since_epoch().count()) + Seconds(time - whole).count();
}

inline WallTime from_unix_seconds(double seconds) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(Seconds(seconds)));
}

}  // namespace volumeter
