// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace volumeter {

// What statfs(2) says of one filesystem; bytes, not blocks.
struct FsUsage {
  std::uint64_t size_bytes = 0;
  std::uint64_t free_bytes = 0;   // for root
  std::uint64_t avail_bytes = 0;  // for everyone else
  std::uint64_t files = 0;        // 0 where inodes are not limited (btrfs)
  std::uint64_t files_free = 0;
  bool readonly = false;  // ST_RDONLY of the mount or its superblock
};

}  // namespace volumeter
