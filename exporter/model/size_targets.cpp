// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/size_targets.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "exporter/model/places.h"

namespace volumeter {
namespace {

bool is_measurable(const VolumeFacts& volume) {
  // A path that lies on no filesystem known here is one that this agent cannot see.
  return !volume.path.empty() && !volume.unmounted && volume.filesystem.has_value();
}

// Collects the targets; knows how many of them share a filesystem.
class Targets {
 public:
  Targets(const Inventory& inventory, const MountList* mounts)
      : inventory_(inventory), sharers_(inventory.filesystems.size(), 0) {
    knows_mounts_ = mounts != nullptr;
    if (knows_mounts_) {
      for (const Mount& mount : mounts->mounts()) mount_points_.push_back(mount.mount_point);
    }
    std::sort(mount_points_.begin(), mount_points_.end());
    for (const VolumeFacts& volume : inventory.volumes) {
      if (is_measurable(volume)) ++sharers_[*volume.filesystem];
    }
    for (const BindFacts& bind : inventory.binds) ++sharers_[bind.filesystem];
  }

  void add_volumes() {
    for (const VolumeFacts& volume : inventory_.volumes) {
      if (!is_measurable(volume)) continue;
      add(volume.name, volume.path, *volume.filesystem, volume.is_whole_filesystem);
    }
  }

  void add_binds() {
    for (const BindFacts& bind : inventory_.binds) {
      add(size_key(bind), bind.path, bind.filesystem, bind.is_whole_filesystem);
    }
  }

  // By way of /proc/PID/root, which is what the container sees as its root directory.
  void add_tmpfs(const SizeTargetOptions& options) {
    for (const MountFacts& mount : inventory_.mounts) {
      const ContainerFacts& container = inventory_.containers[mount.container];
      if (mount.kind != MountKind::kTmpfs || !container.pid) continue;
      if (options.shows_container && !options.shows_container(*container.pid)) continue;
      SizeTarget& target = targets_.emplace_back();
      target.key = size_key(container, mount);
      target.place = place_inside(container, mount.destination.plain(), options.procfs);
      target.own_filesystem = true;
    }
  }

  std::vector<SizeTarget> taken() && { return std::move(targets_); }

 private:
  void add(std::string key, const std::string& path, std::size_t filesystem, bool is_whole) {
    SizeTarget& target = targets_.emplace_back();
    target.key = std::move(key);
    target.place = place_on(inventory_.filesystems[filesystem], path);
    target.mount_point = inventory_.filesystems[filesystem].mount_point;
    target.own_filesystem = is_whole && sharers_[filesystem] == 1;
    target.has_mounts_below = has_mounts_below(path);
  }

  bool has_mounts_below(const std::string& path) const {
    const std::string below = path == "/" ? path : path + "/";
    const auto first = std::upper_bound(mount_points_.begin(), mount_points_.end(), below);
    return !knows_mounts_ || (first != mount_points_.end() && first->starts_with(below));
  }

  const Inventory& inventory_;
  std::vector<std::size_t> sharers_;  // targets, by filesystem
  bool knows_mounts_ = false;
  std::vector<std::string_view> mount_points_;  // sorted
  std::vector<SizeTarget> targets_;
};

}  // namespace

std::vector<SizeTarget> size_targets(const Inventory& inventory, const SizeTargetOptions& options) {
  Targets targets(inventory, options.mounts);
  targets.add_volumes();
  targets.add_binds();
  targets.add_tmpfs(options);
  return std::move(targets).taken();
}

std::string size_key(const BindFacts& bind) { return "bind:" + bind.path; }

std::string size_key(const ContainerFacts& container, const MountFacts& tmpfs) {
  return "tmpfs:" + container.name.plain() + ":" + tmpfs.destination.plain();
}

}  // namespace volumeter
