// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/changes/directory_tree.h"

#include <algorithm>
#include <utility>

namespace volumeter {

static_assert(sizeof(DirectoryTree::Node) == 64, "one cache line");

DirectoryHandle DirectoryTree::Node::handle() const {
  return {.type = handle_type, .size = handle_size, .bytes = handle_bytes};
}

// Types are below 0x100 in every kernel; the bits above 0xffff are only set for those who ask
// (AT_HANDLE_CONNECTABLE, Linux 6.13).
bool DirectoryTree::fits(const DirectoryHandle& handle) {
  return handle.size > 0 && handle.size <= DirectoryHandle::kMaxBytes && handle.type >= 0 &&
         handle.type <= UINT16_MAX &&
         std::all_of(handle.bytes.begin() + handle.size, handle.bytes.end(),
                     [](std::uint8_t byte) { return byte == 0; });
}

DirectoryTree::Number DirectoryTree::find(const DirectoryHandle& handle) const {
  return slots_.empty() || !fits(handle) ? kNone : slots_[slot_of(handle)];
}

DirectoryTree::Number DirectoryTree::insert(const DirectoryHandle& handle) {
  make_room_for_slots();
  const Number number = first_free_ != kNone ? first_free_ : static_cast<Number>(nodes_.size());
  if (first_free_ != kNone) {
    first_free_ = std::exchange(nodes_[number].next_sibling, kNone);
  } else {
    nodes_.emplace_back();
  }
  Node& node = nodes_[number];
  node.handle_bytes = handle.bytes;
  node.handle_type = static_cast<std::uint16_t>(handle.type);
  node.handle_size = static_cast<std::uint8_t>(handle.size);
  slots_[slot_of(handle)] = number;
  ++size_;
  return number;
}

void DirectoryTree::remove(Number number) {
  take_down(number);
  const std::size_t gap = slot_of(nodes_[number].handle());
  slots_[gap] = kNone;
  close_gap(gap);
  nodes_[number] = Node();
  nodes_[number].next_sibling = std::exchange(first_free_, number);
  --size_;
}

void DirectoryTree::hang(Number child, Number parent) {
  take_down(child);
  Node& node = nodes_[child];
  node.parent = parent;
  node.next_sibling = std::exchange(nodes_[parent].first_child, child);
  if (node.next_sibling != kNone) nodes_[node.next_sibling].previous_sibling = child;
}

void DirectoryTree::take_down(Number child) {
  Node& node = nodes_[child];
  if (node.parent == kNone) return;
  const Number next = std::exchange(node.next_sibling, kNone);
  const Number previous = std::exchange(node.previous_sibling, kNone);
  const Number parent = std::exchange(node.parent, kNone);
  if (next != kNone) nodes_[next].previous_sibling = previous;
  (previous != kNone ? nodes_[previous].next_sibling : nodes_[parent].first_child) = next;
}

bool DirectoryTree::is_above(Number upper, Number lower) const {
  if (upper == lower) return true;
  if (nodes_[upper].first_child == kNone) return false;  // most often; spares the way up
  while (lower != kNone && lower != upper) lower = nodes_[lower].parent;
  return lower == upper;
}

std::size_t DirectoryTree::memory_bytes() const {
  return nodes_.size() * sizeof(Node) + slots_.capacity() * sizeof(Number);
}

std::size_t DirectoryTree::home_of(const DirectoryHandle& handle) const {
  return DirectoryHandleHash{}(handle) & (slots_.size() - 1);
}

// Where the number of `handle` is, or else the free slot where it belongs.
std::size_t DirectoryTree::slot_of(const DirectoryHandle& handle) const {
  std::size_t slot = home_of(handle);
  while (slots_[slot] != kNone && nodes_[slots_[slot]].handle() != handle) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

void DirectoryTree::make_room_for_slots() {
  constexpr std::size_t kFewest = 8;
  if ((size_ + 1) * 4 <= slots_.size() * 3) return;
  const std::vector<Number> old =
      std::exchange(slots_, std::vector<Number>(std::max(kFewest, slots_.size() * 2), kNone));
  for (const Number number : old) {
    if (number != kNone) slots_[slot_of(nodes_[number].handle())] = number;
  }
}

// A search ends at a free slot: whatever stands behind the gap, in one row with it, and would
// be looked for before it or in it, moves there, and its own slot is the next gap.
void DirectoryTree::close_gap(std::size_t gap) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = (gap + 1) & mask; slots_[slot] != kNone; slot = (slot + 1) & mask) {
    const std::size_t from_home = (slot - home_of(nodes_[slots_[slot]].handle())) & mask;
    if (from_home < ((slot - gap) & mask)) continue;
    slots_[gap] = std::exchange(slots_[slot], kNone);
    gap = slot;
  }
}

}  // namespace volumeter
