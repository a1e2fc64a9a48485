// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "exporter/base/time.h"

namespace volumeter {

// How the size of a volume was found: by looking at every inode, or by asking the
// filesystem that counts it anyway.
enum class SizeMethod : std::uint32_t { kWalk, kStatfs, kQuota, kQgroup };

// What only a walk tells of a tree: of which kinds its inodes are and how old its data is.
struct TreeContents {
  static constexpr std::array<int, 4> kAgeDays{7, 30, 90, 365};

  std::uint64_t files = 0;
  std::uint64_t directories = 0;  // the root included
  std::uint64_t symlinks = 0;
  std::uint64_t others = 0;  // devices, sockets and named pipes
  std::uint64_t device_nodes = 0;
  std::uint64_t setuid_files = 0;        // regular files with the set-user-ID bit
  std::uint64_t largest_file_bytes = 0;  // st_size
  // Allocated bytes of inodes last modified at least kAgeDays[i] days ago; a younger age
  // includes the older ones.
  std::array<std::uint64_t, 4> old_bytes{};

  bool operator==(const TreeContents&) const = default;
};

// How much space a volume uses. Trivially copyable: it travels between processes.
struct SpaceUsage {
  SizeMethod method = SizeMethod::kWalk;
  std::optional<std::uint64_t> apparent_bytes;  // sum of st_size; known to a walk alone
  std::uint64_t allocated_bytes = 0;
  std::optional<std::uint64_t> inodes;  // a qgroup does not count them
  std::optional<std::uint64_t> limit_bytes;
  std::uint64_t errors = 0;               // of a walk: entries that could not be read
  std::optional<WallTime> last_modified;  // of a walk: newest st_mtime
  std::optional<TreeContents> contents;   // of a walk

  bool operator==(const SpaceUsage&) const = default;
};

}  // namespace volumeter
