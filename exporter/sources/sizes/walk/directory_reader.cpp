// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/directory_reader.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace volumeter {
namespace {

bool is_self_or_parent(std::string_view name) { return name == "." || name == ".."; }

}  // namespace

// struct linux_dirent64 of getdents64(2): u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type and
// the name ended by a NUL, padded to 8 bytes.
int DirectoryReader::read(int fd, std::size_t max_bytes) {
  entries_.clear();
  ssize_t got = 0;
  do {
    got = ::getdents64(fd, records_.data(), std::min(max_bytes, records_.size()));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno;
  const auto size = static_cast<std::size_t>(got);
  is_at_end_ = size == 0;
  was_full_ = size + sizeof(dirent64) > max_bytes;
  for (std::size_t at = 0; at < size;) {
    const auto* record = reinterpret_cast<const dirent64*>(records_.data() + at);
    at += record->d_reclen;
    if (is_self_or_parent(record->d_name)) continue;
    entries_.push_back({record->d_name, record->d_ino, record->d_type});
  }
  return 0;
}

void DirectoryReader::sort_by_inode() {
  std::sort(entries_.begin(), entries_.end(),
            [](const auto& a, const auto& b) { return a.inode < b.inode; });
}

}  // namespace volumeter
