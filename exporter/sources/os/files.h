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

// The Error for an errno(3), with the text of strerror(3).
Error from_errno(std::string_view where, int number);

// Reads a whole file. Reads until EOF because st_size is wrong in /proc and /sys; does not block
// on a FIFO. kMalformed if the file is longer than `max_bytes`.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes = kMaxFileBytes);

// The same for an open file from its current offset; `where` is the name for the error.
Result<std::string> read_to_end(int fd, std::string_view where, std::size_t max_bytes);

// The names in a directory, sorted, without "." and "..". kMalformed above kMaxDirEntries.
Result<std::vector<std::string>> list_dir(const std::string& path);

Result<std::string> read_link(const std::string& path);

// Opens `path` on the host whose root directory is `rootfs`. Symbolic links are resolved below
// `rootfs` and cannot escape it.
Result<UniqueFd> open_in_root(const std::string& rootfs, const std::string& path, int flags);

// Creates the directory and its missing parents.
Result<> make_directories(const std::string& path);

// Whether files can be created in the directory or, if missing, in its nearest existing parent.
Result<> check_writable_directory(const std::string& path);

// Readers see either the old or the new text, and the new one survives a power failure. For one
// writer at a time.
Result<> write_file_atomically(const std::string& path, std::string_view text);

}  // namespace volumeter
