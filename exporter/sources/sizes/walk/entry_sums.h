// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <optional>

#include "exporter/base/time.h"
#include "exporter/sources/interface/space_usage.h"

namespace volumeter {

// Nothing for a time that WallTime cannot hold (it ends in 2262; XFS and ext4 go further).
std::optional<WallTime> modified_at(const struct stat& info);

std::uint64_t apparent_bytes_of(const struct stat& info);
std::uint64_t allocated_bytes_of(const struct stat& info);

// What inodes add up to, each of them added once; bytes beyond 64 bits are kSaturated.
class EntrySums {
 public:
  explicit EntrySums(WallTime now);

  void add(const struct stat& info);
  void add_error() { ++errors_; }
  void add(const EntrySums& other);

  SpaceUsage usage() const;

 private:
  void add_kind(const struct stat& info);
  void add_age(WallTime modified, std::uint64_t allocated);

  std::array<WallTime, TreeContents::kAgeDays.size()> old_before_;  // the youngest first
  std::uint64_t apparent_bytes_ = 0;
  std::uint64_t allocated_bytes_ = 0;
  std::uint64_t inodes_ = 0;
  std::uint64_t errors_ = 0;
  std::optional<WallTime> last_modified_;
  TreeContents contents_;
};

}  // namespace volumeter
