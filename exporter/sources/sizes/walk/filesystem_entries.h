// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <mutex>
#include <optional>

#include "exporter/base/unique_fd.h"
#include "exporter/sources/sizes/walk/mounted_devices.h"

namespace volumeter {

// The entries of one filesystem's directories. What is mounted at a name is another filesystem,
// which may hang: it is not asked for anything, unless it is a bind mount of the same one, which
// du -x counts. Thread-safe.
class FilesystemEntries {
 public:
  // `may_hold_mounts`: see WalkOptions::has_mounts_below.
  FilesystemEntries(dev_t device, bool may_hold_mounts)
      : device_(device), may_hold_mounts_(may_hold_mounts) {}

  dev_t device() const { return device_; }

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

  const dev_t device_;
  const bool may_hold_mounts_;
  std::mutex mutex_;
  std::optional<MountedDevices> mounted_;  // once it was needed
};

}  // namespace volumeter
