// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"

namespace volumeter {

inline constexpr std::size_t kMaxFileBytes = 8 << 20;
inline constexpr std::size_t kMaxDirEntries = 100'000;

// What an errno(3) means to us, with the C library's words for people.
Error from_errno(std::string_view where, int number);

// The whole content of a file, read until its end because the sizes that stat(2) gives for
// /proc and /sys are wrong. Never waits for the writer of a FIFO. kMalformed if it is longer
// than `max_bytes`.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes = kMaxFileBytes);

// The same from where `fd` stands; `where` names it in the error.
Result<std::string> read_to_end(int fd, std::string_view where, std::size_t max_bytes);

// The names in a directory, sorted, without "." and "..". kMalformed above kMaxDirEntries.
Result<std::vector<std::string>> list_dir(const std::string& path);

Result<std::string> read_link(const std::string& path);

// Opens `path` of the host whose root directory is seen at `rootfs`. Symbolic links are
// resolved as the host would do it, so none leads out of `rootfs`. Needs openat2(2)
// (Linux 5.6) unless `rootfs` is "/": where that call is missing the answer is
// kUnsupported, because a walk by hand cannot be made safe against renames.
Result<UniqueFd> open_in_root(const std::string& rootfs, const std::string& path, int flags);

// Creates the directory and those above it that are missing.
Result<> make_directories(const std::string& path);

// Whether files could be made in the directory, or in the nearest one above it that exists.
Result<> check_writable_directory(const std::string& path);

// Readers see the old text or the new one, never a part, and it survives a loss of power.
// One writer at a time.
Result<> write_file_atomically(const std::string& path, std::string_view text);

}  // namespace volumeter
