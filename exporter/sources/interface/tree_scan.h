// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/sources/interface/place.h"
#include "exporter/sources/interface/space_usage.h"
#include "exporter/sources/interface/tree_record.h"

namespace volumeter {

// What a helper process is to find out about a directory.
struct ScanOrder {
  enum class Kind : std::uint32_t {
    kMeasure,    // its size, from the filesystem's own accounts or by a walk
    kLookAgain,  // what `directories` hold now
    kSubtrees,   // what lies below `directories`
  };

  Kind kind = Kind::kMeasure;
  Place place;  // its mount_id, device and container are the agent's and do not travel
  bool own_filesystem = false;               // kMeasure: see accounted_space()
  bool has_mounts_below = true;              // false: nothing is mounted below `place`
  bool want_records = false;                 // kMeasure: if it comes to a walk
  std::uint32_t threads = 1;                 // kMeasure
  std::chrono::nanoseconds hot_time{0};      // see WalkOptions
  std::vector<DirectoryHandle> directories;  // at most kMaxDirectories

  static constexpr std::size_t kMaxDirectories = 512;
};

// How much a scan may do before it pauses and reports.
struct ScanGrant {
  std::chrono::nanoseconds cpu{0};
  std::chrono::nanoseconds wall{0};
};

// What a scan says on its way.
struct ScanReport {
  enum class Kind : std::uint32_t { kRecords, kPaused, kDone };

  Kind kind = Kind::kDone;
  // Since the last kPaused.
  std::uint64_t entries = 0;
  std::chrono::nanoseconds cpu{0};
  std::vector<TreeRecord> records;            // kRecords
  Result<SpaceUsage> outcome = SpaceUsage{};  // kDone; of what was looked at
};

// A scan in progress, in a process of its own. Ending it before it is done leaves behind a
// process that ends as soon as the filesystem lets it.
class TreeScan {
 public:
  virtual ~TreeScan() = default;

  // Readable when there is something to receive().
  virtual int descriptor() const = 0;

  // Lets it begin, or go on after kPaused.
  virtual void grant(const ScanGrant& grant) = 0;

  // The next report; never waits. kTimeout: there is none yet. kIo: the process has ended.
  virtual Result<ScanReport> receive() = 0;
};

}  // namespace volumeter
