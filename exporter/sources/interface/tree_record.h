// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace volumeter {

// A directory's name for life, as name_to_handle_at(2) and fanotify(7) give it: it survives
// renames and is never given to another directory. Empty (size 0): none.
struct DirectoryHandle {
  // ext4 and xfs need 8 to 12 bytes, tmpfs 12, btrfs 20; longer ones are not supported.
  static constexpr std::size_t kMaxBytes = 20;

  std::int32_t type = 0;
  std::uint32_t size = 0;
  std::array<std::uint8_t, kMaxBytes> bytes{};  // zero behind `size`

  bool operator==(const DirectoryHandle&) const = default;
  bool empty() const { return size == 0; }
};

// For tables of handles.
struct DirectoryHandleHash {
  std::size_t operator()(const DirectoryHandle& handle) const noexcept;
};

// One thing that a walk or a second look at a directory found out, for the index of a tree.
// Trivially copyable: it travels between processes.
struct TreeRecord {
  enum class Kind : std::uint32_t {
    kDirectory,  // `handle` was read; its own sums. A walk also gives `parent`
    kChild,      // a second look: `handle` is a subdirectory of `parent`
    kLink,       // a name in `handle` of an inode with several names, which is in no sum
    kGone,       // a second look: `handle` does not exist any more
  };

  Kind kind = Kind::kDirectory;
  bool is_hot = false;  // kDirectory: something in it was modified a short time ago
  DirectoryHandle handle;
  DirectoryHandle parent;
  std::uint64_t inode = 0;  // kLink
  // kLink: of that inode. kDirectory: of the directory itself and of all in it that is
  // neither a directory nor has several names.
  std::uint64_t apparent_bytes = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t inodes = 0;
  std::uint64_t names = 0;  // kLink: of that inode, here and elsewhere
};

using TreeRecordSink = std::function<void(const TreeRecord&)>;

}  // namespace volumeter
