// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <mutex>
#include <optional>

#include "exporter/base/unique_fd.h"
#include "exporter/sources/sizes/walk/mounted_devices.h"

namespace volumeter {

// The entries of one filesystem's directories. What is mounted at a name is another filesystem,
// which may hang: it is not asked for anything, unless it is a bind mount of the same one, which
// du -x counts. Directories have the filesystem's device number, as du -x compares it, and so end it
// at a subvolume of btrfs; files may have another, as in an overlay of two filesystems: of them the
// mount decides. Thread-safe.
class FilesystemEntries {
 public:
  // `root`: a directory of it, which is looked at now. `may_hold_mounts`: see
  // WalkOptions::has_mounts_below.
  FilesystemEntries(int root, dev_t device, bool may_hold_mounts);

  dev_t device() const { return device_; }

  // What tells an inode from all others: its number, and its device where that is another one.
  std::uint64_t number_of(const struct stat& info) const;

  // See open_subdirectory() and open_entry() of file_handles.h. Nothing, with errno; EXDEV if
  // another filesystem is mounted there.
  UniqueFd open_directory(int parent, const char* name);
  UniqueFd open(int parent, const char* name);

  // Attributes of an entry. Nothing, with errno as above.
  std::optional<struct stat> look(int parent, const char* name);
  // Of an open one; nothing if it is of another filesystem.
  std::optional<struct stat> look(const UniqueFd& entry) const;

 private:
  template <typename Open>
  UniqueFd open_inside(int parent, const char* name, Open open_it);
  bool is_bind_mount(int parent, const char* name);
  bool belongs(const struct stat& info, int parent, const char* name, int flags) const;

  const dev_t device_;
  const std::optional<std::uint64_t> mount_id_;  // Linux 5.8 and later
  const bool may_hold_mounts_;
  std::mutex mutex_;
  std::optional<MountedDevices> mounted_;  // once it was needed
};

}  // namespace volumeter
