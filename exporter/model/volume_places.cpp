// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_places.h"

#include <utility>

#include "exporter/model/volume_options.h"
#include "exporter/model/volume_paths.h"

namespace volumeter {

using docker::ContainerState;
using docker::MountType;

VolumePlaces::VolumePlaces(const InventoryInputs& inputs, FilesystemIndex& filesystems)
    : inputs_(inputs), filesystems_(filesystems) {
  for (const auto& container : inputs.docker->containers) {
    if (container.state != ContainerState::kRunning) continue;
    for (const auto& mount : container.mounts) {
      if (mount.type == MountType::kVolume) mounted_now_.insert({mount.volume, mount.driver});
    }
  }
}

void VolumePlaces::locate(const docker::Volume& volume, VolumeFacts& facts) {
  if (!facts.path.empty()) facts.path = inputs_.resolved(facts.path);
  directories_.push_back(facts.path);
  find_data(volume, directories_.back(), facts);
}

// `directory` is the volume's own, where its data is seen once it is mounted.
void VolumePlaces::find_data(const docker::Volume& volume, const std::string& directory,
                             VolumeFacts& facts) {
  std::string data = directory;
  std::string named = volume.mountpoint;  // as Docker names it
  if (const auto bound = bound_directory(volume)) {
    named = *bound;
    facts.path = data = inputs_.resolved(*bound);
  } else if (!directory.empty() && !filesystems_.is_mount_point(directory)) {
    const bool is_mounted = is_mounted_now(volume);
    if (has_own_mount(volume) || is_in_plugin_root(directory)) {
      facts.unmounted = !is_mounted;
      // Else it is mounted where this host's table does not show it: in a namespace of the
      // engine's own (snap, rootless, PrivateMounts=), or of a plugin's.
      return;
    }
    facts.may_be_unmounted = !is_mounted && !volume.driver.empty() && volume.driver != "local";
  }
  if (data.empty()) return;
  if (inputs_.is_missing(named)) {
    // Plugins make the directory when they mount the volume.
    facts.unmounted = facts.may_be_unmounted;
    return;
  }
  facts.filesystem = filesystems_.index_of(data);
  filesystems_.list_below(data);
  facts.is_whole_filesystem = filesystems_.is_whole_filesystem(data);
  facts.nfs_mount = filesystems_.nfs_mount(data);
  if (facts.nfs_mount && data != directory) facts.nfs_mount->is_shared = true;
}

bool VolumePlaces::is_mounted_now(const docker::Volume& volume) const {
  return mounted_now_.contains({volume.name, volume.driver}) ||
         mounted_now_.contains({volume.name, ""});
}

std::vector<VolumeReach::Volume> VolumePlaces::reach() const {
  const docker::Facts& docker = *inputs_.docker;
  std::vector<VolumeReach::Volume> all;
  for (std::size_t i = 0; i < docker.volumes.size(); ++i) {
    const docker::Volume& volume = docker.volumes[i];
    const bool moved = is_moved(volume, directories_[i]);
    // Beside a volume that was moved there need be no others: its parent directory is its own.
    VolumeReach::Volume reach{moved ? "" : volume.name, directories_[i], {}, {}};
    if (const auto bound = bound_directory(volume)) reach.bound = inputs_.resolved(*bound);
    for (const std::string& path : source_paths(volume)) {
      reach.sources.push_back(inputs_.resolved(path));
    }
    if (moved || volumes_folder(volume.mountpoint, volume.name).empty()) {
      reach.sources.push_back(directories_[i]);
    }
    all.push_back(std::move(reach));
  }
  return all;
}

// Whether the volume has been moved out of the folder of all volumes, with a link in its place.
bool VolumePlaces::is_moved(const docker::Volume& volume, const std::string& directory) const {
  const auto folder = volumes_folder(volume.mountpoint, volume.name);
  if (folder.empty()) return false;
  const std::string in_folder =
      inputs_.resolved(std::string(folder)) + volume.mountpoint.substr(folder.size());
  return directory != in_folder;
}

}  // namespace volumeter
