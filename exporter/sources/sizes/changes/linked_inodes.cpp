// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/changes/linked_inodes.h"

namespace volumeter {

void LinkedInodes::add(std::uint32_t directory, std::uint64_t number, std::uint64_t apparent_bytes,
                       std::uint64_t allocated_bytes) {
  Inode& inode = inodes_[number];
  if (inode.names > 0) totals_ -= TreeSums{inode.apparent_bytes, inode.allocated_bytes, 1};
  totals_ += TreeSums{apparent_bytes, allocated_bytes, 1};
  inode = {apparent_bytes, allocated_bytes, inode.names + 1};
  names_[directory].push_back(number);
  ++name_count_;
}

void LinkedInodes::drop(std::uint32_t directory) {
  const auto names = names_.find(directory);
  if (names == names_.end()) return;
  for (const std::uint64_t number : names->second) {
    const auto inode = inodes_.find(number);
    if (--inode->second.names > 0) continue;
    totals_ -= TreeSums{inode->second.apparent_bytes, inode->second.allocated_bytes, 1};
    inodes_.erase(inode);
  }
  name_count_ -= names->second.size();
  names_.erase(names);
}

std::uint64_t LinkedInodes::names_of(std::uint64_t inode) const {
  const auto found = inodes_.find(inode);
  return found == inodes_.end() ? 0 : found->second.names;
}

std::size_t LinkedInodes::weight() const {
  return inodes_.size() + names_.size() + (name_count_ + 7) / 8;
}

}  // namespace volumeter
