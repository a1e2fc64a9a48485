// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "exporter/base/path_pattern.h"
#include "exporter/sources/kernel/process_stats.h"
#include "exporter/sources/sizes/size_options.h"

namespace volumeter {

// Which facts HostMonitor keeps, and how.
struct MonitorOptions {
  std::string docker_api_version;        // empty: negotiated
  std::vector<std::string> user_labels;  // keys of volume labels to export
  std::chrono::seconds filesystem_interval{10};
  SizeSamplerOptions sizes;
  PathPattern measured_binds;     // sources of bind mounts to measure
  bool watch_filesystems = true;  // false: statfs is not called
  bool watch_sizes = true;        // false: sizes are not measured
  bool trace_mounts = true;       // false: the kernel is not asked to count
  bool trace_devices = true;
  bool watch_disks = true;       // false: /proc/diskstats is not read
  bool all_devices = false;      // true: also those without Docker data
  bool watch_containers = true;  // false: no cgroup is read
  std::string state_directory;   // empty: no history is read or kept
  KernelUnits units;
};

}  // namespace volumeter
