// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "exporter/sources/interface/tree_record.h"

namespace volumeter {

// Which trees may hold a directory: a table from 32 bits of its handle's hash to the number of
// a tree, about 12 bytes a directory. Nothing is ever taken out; whoever asks checks with the
// tree itself, and rebuilds the table when it has grown far beyond what the trees hold.
class HandleOwners {
 public:
  void insert(const DirectoryHandle& handle, std::uint32_t tree) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    place({fingerprint(handle), tree + 1});
  }

  // Calls `visit` with each tree that may hold it.
  template <typename Visit>
  void find(const DirectoryHandle& handle, const Visit& visit) const {
    if (slots_.empty()) return;
    const std::uint32_t wanted = fingerprint(handle);
    for (std::size_t at = home(wanted); slots_[at].tree != 0; at = next(at)) {
      if (slots_[at].fingerprint == wanted) visit(slots_[at].tree - 1);
    }
  }

  void clear() {
    slots_.clear();
    size_ = 0;
  }

  std::size_t size() const { return size_; }

 private:
  // A place of the table.
  struct Slot {
    std::uint32_t fingerprint = 0;
    std::uint32_t tree = 0;  // its number and one; 0: free
  };

  static std::uint32_t fingerprint(const DirectoryHandle& handle) {
    return static_cast<std::uint32_t>(DirectoryHandleHash{}(handle));
  }

  std::size_t home(std::uint32_t print) const { return print & (slots_.size() - 1); }
  std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }

  void place(const Slot& slot) {
    std::size_t at = home(slot.fingerprint);
    for (; slots_[at].tree != 0; at = next(at)) {
      if (slots_[at].fingerprint == slot.fingerprint && slots_[at].tree == slot.tree) return;
    }
    slots_[at] = slot;
    ++size_;
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    size_ = 0;
    for (const Slot& slot : old) {
      if (slot.tree != 0) place(slot);
    }
  }

  std::vector<Slot> slots_;  // open addressing, a power of two, at most 3/4 full
  std::size_t size_ = 0;
};

}  // namespace volumeter
