// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "exporter/base/time.h"
#include "exporter/sources/interface/host_paths.h"

namespace volumeter {

// Units of the kernel, from sysconf(3).
struct KernelUnits {
  std::uint64_t ticks_per_second = 100;
  std::uint64_t page_bytes = 4096;
};

// Resource usage of this process.
struct ProcessStats {
  std::optional<double> cpu_seconds;  // user and system
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<WallTime> start_time;
  std::optional<std::uint64_t> open_fds;  // including the one used for counting
  std::optional<std::uint64_t> max_fds;   // absent if unlimited
};

// The fields used of /proc/<pid>/stat, converted to seconds and bytes.
struct ProcessStatLine {
  double cpu_seconds = 0;
  double started_after_boot_seconds = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_bytes = 0;
};

std::optional<ProcessStatLine> parse_process_stat(std::string_view text, const KernelUnits& units);

// The soft limit of /proc/<pid>/limits; absent if it is "unlimited".
std::optional<std::uint64_t> parse_max_open_files(std::string_view text);

// The "btime" line of /proc/stat.
std::optional<WallTime> parse_boot_time(std::string_view text);

// Reads /proc/stat, which is long on large machines: call it once.
std::optional<WallTime> read_boot_time(const HostPaths& paths);

// Reads three small files in /proc/self in about 50 microseconds.
ProcessStats read_process_stats(const HostPaths& paths, const KernelUnits& units,
                                std::optional<WallTime> boot_time);

}  // namespace volumeter
