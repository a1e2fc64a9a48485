// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace volumeter {

// Names for the two clocks. Only sources/ reads them; everyone else is handed a time.
using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;
using Seconds = std::chrono::duration<double>;

inline double unix_seconds(WallTime time) {
  return std::chrono::duration_cast<Seconds>(time.time_since_epoch()).count();
}

inline WallTime from_unix_seconds(double seconds) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(Seconds(seconds)));
}

}  // namespace volumeter
