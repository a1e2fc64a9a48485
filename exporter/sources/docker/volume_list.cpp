// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/volume_list.h"

#include <algorithm>
#include <map>
#include <utility>

namespace volumeter::docker {

Result<std::vector<Volume>> VolumeList::renew(const std::vector<Volume>& known,
                                              std::stop_token stop) {
  if (not_before_ && host_.steady_now() < *not_before_) return known;
  auto answer = client_.list_volumes(stop);
  if (answer) {
    Parsed<Volume> parsed = std::move(answer).value();
    bad_ = parsed.bad;
    first_bad_ = std::move(parsed.first_bad);
    was_answered_ = true;
    unanswered_.reset();
    not_before_.reset();
    pause_ = kFirstPause;
    return std::move(parsed.items);
  }
  if (answer.error().kind != ErrorKind::kTimeout || stop.stop_requested()) {
    return std::move(answer).error();
  }
  unanswered_ = std::move(answer).error();
  not_before_ = host_.steady_now() + pause_;
  pause_ = std::min(2 * pause_, kLastPause);
  return known;
}

std::vector<Volume> volumes_of(const std::vector<Container>& containers) {
  std::map<std::string, Volume> by_name;
  for (const Container& container : containers) {
    for (const ContainerMount& mount : container.mounts) {
      if (mount.type != MountType::kVolume || mount.volume.empty()) continue;
      Volume& volume = by_name[mount.volume];
      volume.name = mount.volume;
      if (volume.mountpoint.empty()) volume.mountpoint = mount.source;
    }
  }
  std::vector<Volume> volumes;
  volumes.reserve(by_name.size());
  for (auto& [name, volume] : by_name) volumes.push_back(std::move(volume));
  return volumes;
}

}  // namespace volumeter::docker
