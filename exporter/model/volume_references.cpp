// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_references.h"

#include <algorithm>

#include "exporter/model/prune.h"

namespace volumeter {

using docker::ContainerState;

void VolumeReferences::add_volume() {
  named_by_.emplace_back();
  reached_by_.emplace_back();
}

void VolumeReferences::name(std::size_t volume, std::size_t container) {
  named_by_[volume].push_back(container);
  at_hand_.insert(volume);
}

void VolumeReferences::reach(const std::vector<std::size_t>& volumes, std::size_t container) {
  for (const std::size_t volume : volumes) {
    reached_by_[volume].push_back(container);
    at_hand_.insert(volume);
  }
}

void VolumeReferences::end_container(std::size_t container) {
  for (const std::size_t volume : at_hand_) {
    count(inventory_.volumes[volume], inventory_.containers[container]);
  }
  at_hand_.clear();
}

void VolumeReferences::count(VolumeFacts& volume, const ContainerFacts& container) {
  switch (container.state) {
    case ContainerState::kRunning: ++volume.containers.running; break;
    case ContainerState::kStopped: ++volume.containers.stopped; break;
    case ContainerState::kCreated: ++volume.containers.created; break;
  }
  if (container.state == ContainerState::kRunning) {
    volume.use = VolumeUse::kInUse;
  } else if (volume.use == VolumeUse::kOrphaned) {
    volume.use = VolumeUse::kIdle;
  }
  if (container.finished_at) {
    volume.last_released =
        std::max(volume.last_released.value_or(0), unix_seconds(*container.finished_at));
  }
}

// That no known container refers to a volume is no evidence where there may be others.
void VolumeReferences::find_unknown_use(const docker::Facts& docker, bool has_all_mounts) {
  for (std::size_t i = 0; i < inventory_.volumes.size(); ++i) {
    VolumeFacts& volume = inventory_.volumes[i];
    if (volume.use == VolumeUse::kInUse) continue;
    if (!has_all_mounts) {
      volume.use = VolumeUse::kUnknown;
      volume.unknown_use = UnknownUse::kContainerMounts;
    } else if (volume.use == VolumeUse::kOrphaned && volume.scope == Label("global")) {
      volume.use = VolumeUse::kUnknown;
      volume.unknown_use = UnknownUse::kGlobalScope;
    } else if (volume.use == VolumeUse::kOrphaned && !docker.volumes[i].is_listed) {
      volume.use = VolumeUse::kUnknown;
      volume.unknown_use = UnknownUse::kNotListed;
    }
  }
}

void VolumeReferences::find_prune_hazards(const docker::Facts& docker) {
  for (std::size_t i = 0; i < inventory_.volumes.size(); ++i) {
    if (!named_by_[i].empty()) continue;  // the engine counts these: it is not dangling
    if (!is_prunable(docker.volumes[i], docker.engine)) continue;
    const std::set<std::size_t> containers(reached_by_[i].begin(), reached_by_[i].end());
    for (const std::size_t container : containers) {
      inventory_.prune_hazards.push_back({i, container});
    }
  }
}

}  // namespace volumeter
