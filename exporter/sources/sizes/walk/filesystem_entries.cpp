// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/filesystem_entries.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "exporter/sources/os/files.h"
#include "exporter/sources/sizes/walk/file_handles.h"

namespace volumeter {

UniqueFd FilesystemEntries::open_directory(int parent, const char* name) {
  return open_inside(parent, name, open_subdirectory);
}

UniqueFd FilesystemEntries::open(int parent, const char* name) {
  return open_inside(parent, name, open_entry);
}

template <typename Open>
UniqueFd FilesystemEntries::open_inside(int parent, const char* name, Open open_it) {
  UniqueFd fd = open_it(parent, name, Crossing::kRefused);
  if (fd || errno != EXDEV) return fd;
  if (is_bind_mount(parent, name)) return open_it(parent, name, Crossing::kAllowed);
  errno = EXDEV;
  return fd;
}

std::optional<struct stat> FilesystemEntries::look(int parent, const char* name) {
  if (may_hold_mounts_) {
    const UniqueFd entry = open(parent, name);
    return entry ? look(entry) : std::nullopt;
  }
  std::optional<struct stat> info(std::in_place);
  if (::fstatat(parent, name, &*info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) return {};
  if (info->st_dev == device_) return info;
  errno = EXDEV;
  return {};
}

std::optional<struct stat> FilesystemEntries::look(const UniqueFd& entry) const {
  std::optional<struct stat> info(std::in_place);
  if (::fstat(entry.get(), &*info) != 0) return {};
  if (info->st_dev == device_) return info;
  errno = EXDEV;
  return {};
}

// By our own mount table, in which the directory has the path that /proc gives.
bool FilesystemEntries::is_bind_mount(int parent, const char* name) {
  const auto path = read_link("/proc/self/fd/" + std::to_string(parent));
  if (!path) return false;
  const std::lock_guard lock(mutex_);
  if (!mounted_) {
    const auto text = read_file("/proc/self/mountinfo");
    mounted_ = text ? parse_mounted_devices(*text) : MountedDevices{};
  }
  const auto found = mounted_->find((*path == "/" ? "" : *path) + "/" + name);
  return found != mounted_->end() && found->second == device_;
}

}  // namespace volumeter
