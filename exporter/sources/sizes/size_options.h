// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace volumeter {

// When targets are measured, and how much CPU that may take.
struct ScanScheduleOptions {
  std::chrono::nanoseconds interval = std::chrono::minutes(5);  // of a target that is cheap
  double cpu_share = 0.05;                                      // of one core; 0: unlimited
  int gap_factor = 20;  // a slow target waits this many times the duration of its scan
};

// How sizes are measured.
struct SizeSamplerOptions {
  ScanScheduleOptions schedule;
  // Between full scans that verify a size kept current by change events.
  std::chrono::nanoseconds full_interval = std::chrono::hours(1);
  double max_io_pressure = 0.2;  // pauses above this share of time stalled on I/O; 1: never
  bool watch_changes = true;     // false: no fanotify, each measurement is a full scan
  std::uint32_t threads = 1;     // of one scan
};

}  // namespace volumeter
