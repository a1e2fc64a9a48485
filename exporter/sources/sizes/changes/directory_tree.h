// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "exporter/sources/interface/tree_record.h"
#include "exporter/sources/sizes/changes/tree_sums.h"

namespace volumeter {

// Directories that hang below one another, found by their handles: one cache line and a 32-bit
// slot each, so that a million of them take 75 MB. Several may hang below none.
//
// They are called by their number, which stays theirs until they are removed.
class DirectoryTree {
 public:
  using Number = std::uint32_t;
  static constexpr Number kNone = UINT32_MAX;

  // One directory and its place among the others.
  struct Node {
    std::array<std::uint8_t, DirectoryHandle::kMaxBytes> handle_bytes{};
    std::uint16_t handle_type = 0;
    std::uint8_t handle_size = 0;  // 0: removed, and in the list of free ones by next_sibling
    bool is_known : 1 = false;     // what is in it was told
    bool is_hot : 1 = false;
    bool is_among_hot : 1 = false;  // in a list of those that are or were hot
    bool is_looked_at : 1 = false;  // by the records that are being taken in
    bool is_listed : 1 = false;     // by its parent in those records
    Number parent = kNone;
    Number first_child = kNone;
    Number next_sibling = kNone;
    Number previous_sibling = kNone;
    TreeSums sums;

    DirectoryHandle handle() const;
  };

  // Whether a handle can be held: not empty, and of a form that a kernel gives.
  static bool fits(const DirectoryHandle& handle);

  // kNone if it is not there.
  Number find(const DirectoryHandle& handle) const;
  // `handle` must fit and not be there yet. The new one hangs below none.
  Number insert(const DirectoryHandle& handle);
  // It must have no children.
  void remove(Number number);

  // Puts `child` below `parent`, from wherever it was. `child` must not be above `parent`.
  void hang(Number child, Number parent);
  // Leaves it, with all below it, below none.
  void take_down(Number child);
  // Also if they are the same.
  bool is_above(Number upper, Number lower) const;

  Node& operator[](Number number) { return nodes_[number]; }
  const Node& operator[](Number number) const { return nodes_[number]; }
  bool is_in_use(Number number) const { return nodes_[number].handle_size > 0; }
  // Calls `visit` with the handle of each.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const Node& node : nodes_) {
      if (node.handle_size > 0) visit(node.handle());
    }
  }
  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const;

 private:
  std::size_t home_of(const DirectoryHandle& handle) const;
  std::size_t slot_of(const DirectoryHandle& handle) const;
  void make_room_for_slots();
  void close_gap(std::size_t gap);

  std::deque<Node> nodes_;  // does not copy them all, twice the memory, whenever it grows
  Number first_free_ = kNone;
  std::vector<Number> slots_;  // open addressing, a power of two, at most 3/4 full
  std::size_t size_ = 0;
};

}  // namespace volumeter
