// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "exporter/base/sampled.h"
#include "exporter/sources/interface/space_usage.h"

namespace volumeter {

// What one measurement of a target found.
struct SizeMeasurement {
  SpaceUsage space;
  // Only directories that changed were read: what `space` does not have, and a last_modified that
  // is newer, stay as they were.
  bool is_update = false;
  Seconds took{0};
  std::uint64_t entries = 0;                // read
  std::optional<std::int64_t> drift_bytes;  // of a walk that verified a size
};

// What is known of the size of one target and of how it was found.
struct SizeReading {
  Sampled<SpaceUsage> space;
  std::uint64_t entries = 0;  // read in the newest measurement
  // By how much the size that is kept up by reading changes was off when a full walk last verified
  // it.
  std::optional<std::int64_t> drift_bytes;
  bool is_restored = false;  // an earlier run of the agent measured it, this one has not tried yet
};

using SizeReadings = std::unordered_map<std::string, SizeReading>;  // by SizeTarget::key

// What measuring sizes costs and how far it is.
struct SizeWork {
  double cpu_seconds = 0;        // since start
  double budget_cpu_share = 0;   // of one core; 0: no limit
  std::uint64_t entries = 0;     // read since start
  std::size_t queue_length = 0;  // due and not begun
  std::size_t in_progress = 0;
  bool is_held = false;  // because other processes wait for the disks
  std::size_t indexed_directories = 0;
};

}  // namespace volumeter
