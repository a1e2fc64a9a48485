// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "exporter/sources/interface/space_usage.h"

namespace volumeter {

// Capacity of a filesystem as statfs(2) returns it; bytes, not blocks. Whether it is read-only
// comes from mountinfo: in a container the agent sees the host through a read-only bind mount.
struct FsUsage {
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::uint64_t> free_bytes;   // for root
  std::optional<std::uint64_t> avail_bytes;  // for everyone else
  std::uint64_t files = 0;                   // 0 where inodes are not limited (btrfs, CephFS)
  std::optional<std::uint64_t> files_free;

  bool operator==(const FsUsage&) const = default;
};

// The counts of statfs(2) as they come; sizes are in units of `unit` bytes.
struct StatfsCounts {
  std::uint64_t unit = 0;
  std::uint64_t blocks = 0;
  std::uint64_t blocks_free = 0;
  std::uint64_t blocks_available = 0;
  std::uint64_t files = 0;
  std::uint64_t files_free = 0;
};

// What of these is a number. Some filesystems report more free than there is (JuiceFS), or -1 for
// what they do not count (CephFS: f_ffree, with the number of existing files as f_files), some a size
// beyond 64 bits (s3fs): absent. A negative f_bavail, the reserve being overdrawn, is 0 unless the size
// is no number either.
FsUsage to_fs_usage(const StatfsCounts& said);

// Whether the number of files changed although no inode was free: then it is that of existing files, and
// 0 free ones means that they are not counted (FUSE servers).
bool shows_no_inode_limit(const FsUsage& before, const FsUsage& now);

// What it says of the use of a volume that is the whole filesystem; its size is the limit. Nothing if
// it does not count (tmpfs with size=0) or its numbers make no sense.
std::optional<SpaceUsage> to_space_usage(const FsUsage& usage);

}  // namespace volumeter
