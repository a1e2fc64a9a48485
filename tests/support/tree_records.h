// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "exporter/sources/interface/tree_record.h"

// Records as a walker gives them, of directories and inodes that are called by a number.
namespace volumeter::test {

using Records = std::vector<TreeRecord>;

// Handles of the lengths of ext4, tmpfs and btrfs.
inline DirectoryHandle handle_of(std::uint64_t number) {
  constexpr std::uint32_t kSizes[] = {8, 12, 20};
  DirectoryHandle handle{.type = 1, .size = kSizes[number % 3]};
  std::memcpy(handle.bytes.data(), &number, sizeof number);
  return handle;
}

inline TreeRecord directory(std::uint64_t number, std::uint64_t parent, std::uint64_t bytes = 1) {
  return {.kind = TreeRecord::Kind::kDirectory,
          .handle = handle_of(number),
          .parent = parent == 0 ? DirectoryHandle() : handle_of(parent),
          .apparent_bytes = bytes,
          .allocated_bytes = bytes * 2,
          .inodes = 1};
}

inline TreeRecord look(std::uint64_t number, std::uint64_t bytes = 1) {
  return directory(number, 0, bytes);
}

inline TreeRecord child(std::uint64_t number, std::uint64_t parent) {
  return {
      .kind = TreeRecord::Kind::kChild, .handle = handle_of(number), .parent = handle_of(parent)};
}

inline TreeRecord link_in(std::uint64_t number, std::uint64_t inode, std::uint64_t bytes) {
  TreeRecord record{.kind = TreeRecord::Kind::kLink, .handle = handle_of(number), .parent = {}};
  record.inode = inode;
  record.apparent_bytes = bytes;
  record.allocated_bytes = bytes * 2;
  return record;
}

inline TreeRecord gone(std::uint64_t number) {
  return {.kind = TreeRecord::Kind::kGone, .handle = handle_of(number), .parent = {}};
}

inline std::uint64_t number_of(const DirectoryHandle& handle) {
  std::uint64_t number = 0;
  std::memcpy(&number, handle.bytes.data(), sizeof number);
  return number;
}

}  // namespace volumeter::test
