// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/filesystem_index.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "exporter/model/places.h"

namespace volumeter {
namespace {

constexpr std::array<std::string_view, 22> kKernelFilesystems = {
    "autofs",    "binfmt_misc", "bpf",      "cgroup",    "cgroup2",    "configfs",
    "debugfs",   "devpts",      "devtmpfs", "efivarfs",  "fusectl",    "hugetlbfs",
    "mqueue",    "nsfs",        "proc",     "pstore",    "rpc_pipefs", "securityfs",
    "selinuxfs", "sysfs",       "tracefs",  "fuse.lxcfs"};

bool holds_data(const Mount& mount) {
  return std::find(kKernelFilesystems.begin(), kKernelFilesystems.end(), mount.fstype) ==
         kKernelFilesystems.end();
}

// Filesystems without a device of their own that keep their own accounts.
constexpr std::array<std::string_view, 11> kOwnAccounts = {
    "tmpfs", "btrfs", "bcachefs", "zfs", "ubifs", "nfs", "nfs4", "cifs", "smb3", "ceph", "afs"};

// Filesystems made on top of another one (overlay, ecryptfs, fakeowner, shiftfs, vboxsf, 9p, FUSE)
// answer statfs(2) with the figures of that one. They have no device, which tells them from those
// that count for themselves but for a few.
bool counts_its_own(const Mount& mount) {
  if (mount.device.major != 0) return true;
  return std::find(kOwnAccounts.begin(), kOwnAccounts.end(), mount.fstype) != kOwnAccounts.end();
}

// Smaller is the better mount to stand for a device: a writable one before a read-only view,
// as of snapshots, then the whole filesystem before a part of it, then the shortest path.
auto rank(const Mount& mount) {
  return std::tuple(mount.readonly, mount.root != "/", mount.mount_point.size(),
                    std::string_view(mount.mount_point));
}

}  // namespace

FilesystemIndex::FilesystemIndex(const MountList& mounts, Inventory& inventory)
    : mounts_(mounts), inventory_(inventory) {
  for (const Mount& mount : mounts.mounts()) {
    by_point_.emplace(mount.mount_point, &mount);
    const Mount*& best = best_[mount.device];
    ++mount_count_[mount.device];
    if (best == nullptr || rank(mount) < rank(*best)) best = &mount;
  }
}

bool FilesystemIndex::is_mount_point(std::string_view path) const {
  const Mount* mount = mounts_.find(path);
  return mount != nullptr && mount->mount_point == path;
}

bool FilesystemIndex::is_whole_filesystem(std::string_view path) const {
  const Mount* mount = mounts_.find(path);
  return mount != nullptr && mount->mount_point == path && mount->root == "/" &&
         counts_its_own(*mount);
}

std::optional<NfsMountFacts> FilesystemIndex::nfs_mount(std::string_view path) const {
  const Mount* mount = mounts_.find(path);
  if (mount == nullptr || mount->mount_point != path) return {};
  if (mount->fstype != "nfs" && mount->fstype != "nfs4") return {};
  // The roots do not tell more: NFS mounts of two directories of an export are both of "/".
  return NfsMountFacts{mount->mount_point, mount->source, mount_count_.at(mount->device) > 1};
}

void FilesystemIndex::list_below(const std::string& path) {
  if (path == "/") return;  // all that the host has
  const std::string prefix = path + "/";
  for (auto mount = by_point_.lower_bound(prefix);
       mount != by_point_.end() && mount->first.starts_with(prefix); ++mount) {
    index_of(mount->first);
  }
}

const Mount* FilesystemIndex::representative(const Mount& mount) const {
  const auto found = best_.find(mount.device);
  return found == best_.end() ? &mount : found->second;
}

std::optional<std::size_t> FilesystemIndex::index_of(std::string_view path) {
  const Mount* mount = mounts_.find(path);
  if (mount == nullptr || !holds_data(*mount)) return {};
  const DeviceNumber number = mount->device;
  if (const auto found = listed_.find(number); found != listed_.end()) return found->second;
  const Mount& best = *representative(*mount);
  // Two that differ only in bytes that are no UTF-8 would be one series twice.
  const Label mountpoint(best.mount_point);
  if (!shown_.insert(mountpoint).second) return {};
  const std::size_t index = inventory_.filesystems.size();
  listed_.emplace(number, index);
  inventory_.filesystems.push_back({.mount_point = best.mount_point,
                                    .number = number,
                                    .device = Label(best.source),
                                    .mountpoint = mountpoint,
                                    .fstype = Label(best.fstype),
                                    .major = Label(std::to_string(number.major)),
                                    .minor = Label(std::to_string(number.minor)),
                                    .readonly = best.readonly || best.super_readonly,
                                    .mount_id = best.id,
                                    .backing_device = backing_device(best),
                                    .is_local = is_local(best),
                                    .devices = {}});
  shown_mounts_.push_back(&best);
  return index;
}

}  // namespace volumeter
