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

// The sums of a whole tree. They, too, can always be taken away again, and know whether they are
// beyond 64 bits at the moment.
class TreeTotals {
 public:
  TreeTotals& operator+=(const TreeSums& more) {
    sums_ += more;
    apparent_carries_ += sums_.apparent_bytes < more.apparent_bytes ? 1 : 0;
    allocated_carries_ += sums_.allocated_bytes < more.allocated_bytes ? 1 : 0;
    return *this;
  }
  TreeTotals& operator-=(const TreeSums& less) {
    apparent_carries_ -= sums_.apparent_bytes < less.apparent_bytes ? 1 : 0;
    allocated_carries_ -= sums_.allocated_bytes < less.allocated_bytes ? 1 : 0;
    sums_ -= less;
    return *this;
  }
  TreeTotals& operator+=(const TreeTotals& more) {
    *this += more.sums_;
    apparent_carries_ += more.apparent_carries_;
    allocated_carries_ += more.allocated_carries_;
    return *this;
  }

  const TreeSums& sums() const { return sums_; }
  bool overflows() const { return apparent_carries_ != 0 || allocated_carries_ != 0; }

 private:
  TreeSums sums_;
  std::int64_t apparent_carries_ = 0;
  std::int64_t allocated_carries_ = 0;
};

}  // namespace volumeter
