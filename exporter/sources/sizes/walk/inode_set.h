// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace volumeter {

// A set of inode numbers in one flat table: 10 to 20 bytes each, where a node of
// std::unordered_set takes 40.
class InodeSet {
 public:
  // False if it was there already.
  bool insert(std::uint64_t inode) {
    // No filesystem gives a file the number that marks a free place, but a broken one might.
    if (inode == kFree) inode = ~std::uint64_t{0};
    if ((used_ + 1) * 5 > slots_.size() * 4) grow();
    std::uint64_t& slot = find(inode);
    if (slot == inode) return false;
    slot = inode;
    ++used_;
    return true;
  }

 private:
  static constexpr std::uint64_t kFree = 0;
  static constexpr std::size_t kFirstSlots = 64;  // a power of two, as all sizes that follow

  // Where it is, or the free place where it belongs.
  std::uint64_t& find(std::uint64_t inode) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = spread(inode) & mask;
    while (slots_[at] != inode && slots_[at] != kFree) at = (at + 1) & mask;
    return slots_[at];
  }

  void grow() {
    std::vector<std::uint64_t> old(slots_.empty() ? kFirstSlots : slots_.size() * 2, kFree);
    old.swap(slots_);
    for (const std::uint64_t inode : old) {
      if (inode != kFree) find(inode) = inode;
    }
  }

  // Neighbours and multiples of a power of two (xfs, btrfs) must not meet.
  static std::size_t spread(std::uint64_t inode) {
    inode = (inode ^ (inode >> 32)) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(inode ^ (inode >> 29));
  }

  std::vector<std::uint64_t> slots_;
  std::size_t used_ = 0;
};

// The inodes with several names that a walk has met. For any number of threads.
class SeenInodes {
 public:
  bool is_first_name(std::uint64_t inode) {
    Shard& shard = shards_[inode % shards_.size()];
    const std::lock_guard lock(shard.mutex);
    return shard.inodes.insert(inode / shards_.size());
  }

 private:
  // A part of the set, on cache lines of its own.
  struct alignas(64) Shard {
    std::mutex mutex;
    InodeSet inodes;
  };

  std::array<Shard, 16> shards_;
};

}  // namespace volumeter
