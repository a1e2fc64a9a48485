// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "exporter/sources/sizes/changes/tree_sums.h"

namespace volumeter {

// The inodes with several names in a tree, and which directories hold their names: each
// inode is counted once for as long as one of its names is known.
class LinkedInodes {
 public:
  // One more name of `inode` in `directory`, a number that the caller chose. The newest sizes
  // are those that count.
  void add(std::uint32_t directory, std::uint64_t inode, std::uint64_t apparent_bytes,
           std::uint64_t allocated_bytes);

  // Forgets all names in `directory`.
  void drop(std::uint32_t directory);

  // How many names of it are known.
  std::uint64_t names_of(std::uint64_t inode) const;

  const TreeTotals& totals() const { return totals_; }

  // What it takes, in units of about 64 bytes: one for each inode and each directory, and one
  // for eight names.
  std::size_t weight() const;

 private:
  // The newest sizes, and how many names are known.
  struct Inode {
    std::uint64_t apparent_bytes = 0;
    std::uint64_t allocated_bytes = 0;
    std::uint64_t names = 0;
  };

  std::unordered_map<std::uint64_t, Inode> inodes_;
  // An inode stands there once for each of its names.
  std::unordered_map<std::uint32_t, std::vector<std::uint64_t>> names_;
  std::size_t name_count_ = 0;
  TreeTotals totals_;
};

}  // namespace volumeter
