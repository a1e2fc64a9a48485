// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/volume_list.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace volumeter::docker {

namespace {

// A plugin fails, maybe, and not the engine: if that is gone, its list of containers says so.
bool is_worth_waiting(const Error& error) {
  return error.kind == ErrorKind::kTimeout || error.kind == ErrorKind::kIo;
}

}  // namespace

Result<> VolumeList::renew(std::stop_token stop) {
  if (not_before_ && host_.steady_now() < *not_before_) return Nothing{};
  auto answer = client_.list_volumes(stop);
  if (answer) {
    Parsed<Volume> parsed = std::move(answer).value();
    bad_ = parsed.bad;
    first_bad_ = std::move(parsed.first_bad);
    was_answered_ = true;
    unanswered_.reset();
    not_before_.reset();
    pause_ = kFirstPause;
    listed_ = std::move(parsed.items);
    return Nothing{};
  }
  if (!is_worth_waiting(answer.error()) || stop.stop_requested()) return std::move(answer).error();
  unanswered_ = std::move(answer).error();
  not_before_ = host_.steady_now() + pause_;
  pause_ = std::min(2 * pause_, kLastPause);
  return Nothing{};
}

std::vector<Volume> volumes_of(const std::vector<Container>& containers) {
  std::map<std::string, Volume> by_name;
  for (const Container& container : containers) {
    for (const ContainerMount& mount : container.mounts) {
      if (mount.type != MountType::kVolume || mount.volume.empty()) continue;
      Volume& volume = by_name[mount.volume];
      volume.name = mount.volume;
      volume.driver = mount.driver;
      if (volume.mountpoint.empty()) volume.mountpoint = mount.source;
    }
  }
  std::vector<Volume> volumes;
  volumes.reserve(by_name.size());
  for (auto& [name, volume] : by_name) volumes.push_back(std::move(volume));
  return volumes;
}

std::vector<Volume> one_of_each_name(const std::vector<Volume>& volumes,
                                     const std::vector<Container>& containers) {
  std::set<std::pair<std::string_view, std::string_view>> mounted;
  for (const Container& container : containers) {
    for (const ContainerMount& mount : container.mounts) {
      if (mount.type == MountType::kVolume) mounted.insert({mount.volume, mount.driver});
    }
  }
  // Smaller is the better one.
  const auto rank = [&](const Volume& volume) {
    return std::tuple(!mounted.contains({volume.name, volume.driver}), volume.driver != "local",
                      std::string_view(volume.driver));
  };
  std::vector<Volume> out;
  out.reserve(volumes.size());
  for (const Volume& volume : volumes) {
    if (out.empty() || out.back().name != volume.name) {
      out.push_back(volume);
    } else if (rank(volume) < rank(out.back())) {
      out.back() = volume;
    }
  }
  return out;
}

}  // namespace volumeter::docker
