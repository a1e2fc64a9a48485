// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/filesystem_entries.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "exporter/sources/os/files.h"
#include "exporter/sources/sizes/walk/file_handles.h"

namespace volumeter {
namespace {

// Nothing before Linux 5.8.
std::optional<std::uint64_t> mount_id_of(int parent, const char* name, int flags) {
  struct statx info {};
  if (::statx(parent, name, flags, STATX_MNT_ID, &info) != 0) return {};
  if ((info.stx_mask & STATX_MNT_ID) == 0) return {};
  return info.stx_mnt_id;
}

}  // namespace

FilesystemEntries::FilesystemEntries(int root, dev_t device, bool may_hold_mounts)
    : device_(device),
      mount_id_(mount_id_of(root, "", AT_EMPTY_PATH)),
      may_hold_mounts_(may_hold_mounts) {}

// Numbers of another device are spread over 64 bits, so that they do not meet those of this one.
std::uint64_t FilesystemEntries::number_of(const struct stat& info) const {
  if (info.st_dev == device_) return info.st_ino;
  return (info.st_ino ^ (info.st_dev * 0x9e3779b97f4a7c15U)) * 0xff51afd7ed558ccdU;
}

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
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  if (::fstatat(parent, name, &*info, kFlags) != 0) return {};
  if (belongs(*info, parent, name, kFlags)) return info;
  errno = EXDEV;
  return {};
}

std::optional<struct stat> FilesystemEntries::look(const UniqueFd& entry) const {
  std::optional<struct stat> info(std::in_place);
  if (::fstat(entry.get(), &*info) != 0) return {};
  if (belongs(*info, entry.get(), "", AT_EMPTY_PATH)) return info;
  errno = EXDEV;
  return {};
}

// With xino=off, the default of many kernels, an overlay gives its files the device numbers of its
// layers (Documentation/filesystems/overlayfs.rst, "Inode properties").
bool FilesystemEntries::belongs(const struct stat& info, int parent, const char* name,
                                int flags) const {
  if (info.st_dev == device_) return true;
  if (S_ISDIR(info.st_mode) || !mount_id_) return false;
  return mount_id_of(parent, name, flags) == mount_id_;
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
