// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace volumeter {

// What a directory says of one thing in it.
struct DirectoryEntry {
  const char* name = nullptr;  // lives until the next read()
  std::uint64_t inode = 0;     // of what a mount hides, where something is mounted
  unsigned char type = 0;      // DT_DIR and so on; DT_UNKNOWN on some filesystems
};

// Reads open directories piece by piece and keeps the last piece.
class DirectoryReader {
 public:
  static constexpr std::size_t kMaxBytes = 32 << 10;  // larger ones were measured, no gain
  static constexpr std::size_t kMinBytes = 1 << 10;   // any name fits in

  // Reads on where `fd` stands, at most so many bytes of records: about 30 bytes an entry.
  // errno, or 0.
  int read(int fd, std::size_t max_bytes);

  // What the last read() found, without "." and "..".
  std::span<const DirectoryEntry> entries() const { return entries_; }

  // Cold inodes are on the disk in the order of their numbers.
  void sort_by_inode();

  bool is_at_end() const { return is_at_end_; }

  // Whether the last piece took all the room, so that more is likely to follow.
  bool was_full() const { return was_full_; }

 private:
  alignas(std::uint64_t) std::array<char, kMaxBytes> records_;
  std::vector<DirectoryEntry> entries_;
  bool is_at_end_ = false;
  bool was_full_ = false;
};

}  // namespace volumeter
