// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace volumeter {

// What statfs(2) says of one filesystem; bytes, not blocks. Whether it is read-only is not
// among it: in a container that is asked through a read-only bind, mountinfo is not.
struct FsUsage {
  std::uint64_t size_bytes = 0;
  std::uint64_t free_bytes = 0;   // for root
  std::uint64_t avail_bytes = 0;  // for everyone else
  std::uint64_t files = 0;        // 0 where inodes are not limited (btrfs)
  std::uint64_t files_free = 0;
};

}  // namespace volumeter
