// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace volumeter {

// The space that a part of a tree uses. Sums and differences are taken modulo 2^64, so that
// what was added can always be taken away again, however wrong a record was.
struct TreeSums {
  std::uint64_t apparent_bytes = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t inodes = 0;

  bool operator==(const TreeSums&) const = default;

  TreeSums& operator+=(const TreeSums& other) {
    apparent_bytes += other.apparent_bytes;
    allocated_bytes += other.allocated_bytes;
    inodes += other.inodes;
    return *this;
  }
  TreeSums& operator-=(const TreeSums& other) {
    apparent_bytes -= other.apparent_bytes;
    allocated_bytes -= other.allocated_bytes;
    inodes -= other.inodes;
    return *this;
  }
};

}  // namespace volumeter
