// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/model/inventory.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// Finds the filesystem that holds a path and lists it in the inventory, once for each
// device however many of its mounts hold Docker data: a full disk is one alert.
class FilesystemIndex {
 public:
  // Both must outlive the index.
  FilesystemIndex(const MountList& mounts, Inventory& inventory);

  // Index into inventory.filesystems; nothing for a path of a kernel filesystem such as
  // /proc, which holds no data.
  std::optional<std::size_t> index_of(std::string_view path);

  // Lists what is mounted below a directory: it holds data of what is seen there, and can be full.
  void list_below(const std::string& path);

  bool is_mount_point(std::string_view path) const;

  // Whether what the filesystem at `path` says of its use is true of the tree below `path`:
  // it is mounted there from its root on, and it counts what itself holds.
  bool is_whole_filesystem(std::string_view path) const;

  // The mount that stands for one of inventory.filesystems.
  const Mount& mount(std::size_t index) const { return *shown_mounts_[index]; }

  // The NFS mount whose mount point is `path`.
  std::optional<NfsMountFacts> nfs_mount(std::string_view path) const;

 private:
  const Mount* representative(const Mount& mount) const;

  const MountList& mounts_;
  Inventory& inventory_;
  std::map<std::string_view, const Mount*> by_point_;
  std::map<DeviceNumber, const Mount*> best_;  // the mount that stands for a device
  std::map<DeviceNumber, std::size_t> mount_count_;
  std::map<DeviceNumber, std::size_t> listed_;
  std::vector<const Mount*> shown_mounts_;  // by index
  std::set<Label> shown_;                   // mount points of those
};

}  // namespace volumeter
