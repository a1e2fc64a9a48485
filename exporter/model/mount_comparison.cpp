// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/mount_comparison.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace volumeter {
namespace {

// The mount at each destination; null where several are stacked: the container mounted something itself.
std::unordered_map<std::string_view, const Mount*> mounts_by_destination(
    const std::vector<Mount>& mounts) {
  std::unordered_map<std::string_view, const Mount*> found;
  for (const Mount& mount : mounts) {
    const auto [entry, is_new] = found.try_emplace(mount.mount_point, &mount);
    if (!is_new) entry->second = nullptr;
  }
  return found;
}

bool has_data(const MountFacts& mount) {
  return mount.kind == MountKind::kVolume || mount.kind == MountKind::kBind;
}

// The directory within its filesystem.
std::string directory_of(const Mount& mount, std::string_view path) {
  std::string directory = mount.root == "/" ? "" : mount.root;
  if (mount.mount_point != "/") path.remove_prefix(mount.mount_point.size());
  if (path != "/") directory += path;
  return directory;
}

std::optional<std::pair<DeviceNumber, std::string>> found_in(const MountList& mounts,
                                                             const std::string& path) {
  const Mount* mount = mounts.find(path);
  if (mount == nullptr) return {};
  return std::pair(mount->device, directory_of(*mount, path));
}

}  // namespace

void MountComparison::add_view(std::size_t container, const std::vector<Mount>& mounts) {
  if (!is_engine_here()) return;
  const auto seen = mounts_by_destination(mounts);
  const auto first = std::lower_bound(
      inventory_.mounts.begin(), inventory_.mounts.end(), container,
      [](const MountFacts& mount, std::size_t index) { return mount.container < index; });
  for (auto mount = first; mount != inventory_.mounts.end() && mount->container == container;
       ++mount) {
    if (!has_data(*mount)) continue;
    const auto found = seen.find(mount->destination.plain());
    if (found != seen.end() && found->second != nullptr) compare(*mount, *found->second);
  }
}

void MountComparison::compare(const MountFacts& asked, const Mount& seen) {
  if (seen.root_deleted) {
    add(asked, MountMismatch::kSourceDeleted);
  } else if (asked.is_source_missing) {
    // It has a source that is not found here.
    is_view_of_engine_ = false;
  }
  const bool is_read_only = seen.readonly || seen.super_readonly;
  if (asked.writable && *asked.writable == is_read_only) {
    add(asked, is_read_only ? MountMismatch::kReadOnly : MountMismatch::kWritable);
  }
  compare_flags(asked, seen);
  compare_propagation(asked, seen);
}

// The kernel makes a bind mount with the flags of its source: those of "o=bind,noexec" take a second
// step that the driver local leaves out. Podman may be asked for noexec where its list does not show it
// (-v a:/a:noexec). nosuid and nodev that were not requested keep no data from the container.
void MountComparison::compare_flags(const MountFacts& asked, const Mount& seen) {
  const bool shows_flags = inventory_.engine && inventory_.engine->product == Label("docker");
  if (seen.noexec && !asked.asked.noexec && shows_flags) add(asked, MountMismatch::kNoexec);
  if (asked.asked.noexec && !seen.noexec) add(asked, MountMismatch::kExec);
  if (asked.asked.nosuid && !seen.nosuid) add(asked, MountMismatch::kSuid);
  if (asked.asked.nodev && !seen.nodev) add(asked, MountMismatch::kDev);
}

// Documentation/filesystems/sharedsubtree.rst: a mount below the source reaches the container if its
// mount is a peer ("shared:") or a slave ("master:") of the source's.
void MountComparison::compare_propagation(const MountFacts& asked, const Mount& seen) {
  if (asked.asked.propagation == docker::Propagation::kPrivate || seen.is_shared) return;
  if (!seen.is_slave) {
    add(asked, MountMismatch::kPrivate);
  } else if (asked.asked.propagation == docker::Propagation::kShared) {
    add(asked, MountMismatch::kSlave);
  }
}

void MountComparison::add_missing_sources(const SeesPath& sees_path) {
  if (!is_view_of_engine_ || !is_engine_here()) return;
  for (const MountFacts& mount : inventory_.mounts) {
    if (!mount.is_source_missing || !mount.needs_source) continue;
    const ContainerFacts& container = inventory_.containers[mount.container];
    if (container.state == docker::ContainerState::kRunning) continue;
    if (sees_path(mount.data_path)) add(mount, MountMismatch::kSourceMissing);
  }
}

// One whose root directory is not here is in another machine, as are its processes and paths.
bool MountComparison::is_engine_here() const {
  return inventory_.engine && inventory_.engine->filesystem;
}

void MountComparison::add(const MountFacts& mount, MountMismatch mismatch) {
  found_.push_back({inventory_.containers[mount.container].name, mount.destination, mismatch});
}

bool is_same_directory(const std::string& path, const MountList& host, const MountList& own,
                       const std::string& rootfs) {
  const auto of_host = found_in(host, path);
  return of_host && found_in(own, rootfs == "/" ? path : rootfs + path) == of_host;
}

}  // namespace volumeter
