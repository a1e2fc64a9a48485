// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/mount_io_targets.h"

namespace volumeter {

std::vector<MountIoTarget> mount_io_targets(const Inventory& inventory) {
  std::vector<MountIoTarget> targets;
  for (const MountFacts& mount : inventory.mounts) {
    const ContainerFacts& container = inventory.containers[mount.container];
    if (container.state != docker::ContainerState::kRunning) continue;
    targets.push_back({mount_key(inventory, mount), container.pid.value_or(0),
                       mount.data_volume ? inventory.volumes[*mount.data_volume].name : "",
                       mount.data_path});
  }
  return targets;
}

std::set<std::string> volume_names(const Inventory& inventory) {
  std::set<std::string> names;
  for (const VolumeFacts& volume : inventory.volumes) names.insert(volume.name);
  return names;
}

MountKey mount_key(const Inventory& inventory, const MountFacts& mount) {
  return {inventory.containers[mount.container].name.plain(), mount.destination.plain()};
}

}  // namespace volumeter
