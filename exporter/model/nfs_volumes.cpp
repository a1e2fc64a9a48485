// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/nfs_volumes.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace volumeter {
namespace {

using MountPointAndSource = std::pair<std::string_view, std::string_view>;

bool has_own_counters(const VolumeFacts& volume) {
  return volume.nfs_mount && !volume.nfs_mount->is_shared;
}

// Two mounts in one place are the same export mounted over itself, or text that a server put
// there: which one is the volume is unknown, and both are left out.
std::map<MountPointAndSource, NfsStats*> by_place(std::vector<NfsStats>& mounts) {
  std::map<MountPointAndSource, NfsStats*> places;
  for (NfsStats& mount : mounts) {
    const auto [place, is_new] = places.try_emplace({mount.mount_point, mount.source}, &mount);
    if (!is_new) place->second = nullptr;
  }
  return places;
}

}  // namespace

void mark_shared_nfs_mounts(std::vector<VolumeFacts>& volumes) {
  std::map<std::string_view, NfsMountFacts*> first;
  for (VolumeFacts& volume : volumes) {
    if (!volume.nfs_mount) continue;
    const auto [same, is_new] =
        first.try_emplace(volume.nfs_mount->mount_point, &*volume.nfs_mount);
    if (!is_new) volume.nfs_mount->is_shared = same->second->is_shared = true;
  }
}

bool has_nfs_counters(const Inventory& inventory) {
  return std::any_of(inventory.volumes.begin(), inventory.volumes.end(), has_own_counters);
}

std::vector<std::optional<NfsStats>> nfs_of_volumes(const Inventory& inventory,
                                                    std::optional<std::vector<NfsStats>> mounts) {
  std::vector<std::optional<NfsStats>> all(inventory.volumes.size());
  if (!mounts) return all;
  const auto places = by_place(*mounts);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const VolumeFacts& volume = inventory.volumes[i];
    if (!has_own_counters(volume)) continue;
    const auto found = places.find({volume.nfs_mount->mount_point, volume.nfs_mount->source});
    if (found != places.end() && found->second != nullptr) all[i] = std::move(*found->second);
  }
  return all;
}

}  // namespace volumeter
