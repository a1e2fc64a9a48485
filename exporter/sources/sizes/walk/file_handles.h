// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/interface/tree_record.h"

namespace volumeter {

// The handle of what `name` is in the open directory, or of the directory itself if `name`
// is empty; follows no symbolic link. kUnsupported where the filesystem has no handles or
// longer ones.
Result<DirectoryHandle> handle_of(int directory, const char* name);

// Opens a directory for reading, on the filesystem of any open file of it. Nothing, with
// errno: ESTALE if it does not exist any more, EPERM without CAP_DAC_READ_SEARCH.
UniqueFd open_handle(int filesystem, const DirectoryHandle& handle);

// Whether an open may lead to what is mounted at a name.
enum class Crossing {
  kRefused,  // EXDEV, before the mounted filesystem is asked anything; without openat2(2) (before
             // Linux 5.6, or a seccomp filter) it is as kAllowed
  kAllowed,
};

// Opens for reading without leaving a trace in st_atime where the kernel allows it. Follows
// no symbolic link. Nothing, with errno.
UniqueFd open_subdirectory(int parent, const char* name, Crossing crossing);

// A descriptor that only names what `name` is: needs no right to read it, waits for no FIFO and
// triggers no automount. Nothing, with errno.
UniqueFd open_entry(int parent, const char* name, Crossing crossing);

}  // namespace volumeter
