// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "exporter/base/time.h"

namespace volumeter {

// The size of a directory tree: one filesystem only, each inode once however many names
// it has, the root directory included. The same sums as coreutils' du gives.
struct TreeUsage {
  std::uint64_t apparent_bytes = 0;       // sum of st_size; du --apparent-size
  std::uint64_t allocated_bytes = 0;      // sum of st_blocks * 512; du
  std::uint64_t inodes = 0;               // du --inodes
  std::uint64_t errors = 0;               // entries that could not be read (not: that vanished)
  std::optional<WallTime> last_modified;  // newest st_mtime
};

}  // namespace volumeter
