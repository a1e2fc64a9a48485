// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace volumeter {

// Capacity of a filesystem as statfs(2) returns it; bytes, not blocks. Whether it is read-only
// comes from mountinfo: in a container the agent sees the host through a read-only bind mount.
struct FsUsage {
  std::uint64_t size_bytes = 0;
  std::uint64_t free_bytes = 0;   // for root
  std::uint64_t avail_bytes = 0;  // for everyone else
  std::uint64_t files = 0;        // 0 where inodes are not limited (btrfs)
  std::uint64_t files_free = 0;
};

}  // namespace volumeter
