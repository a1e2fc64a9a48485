// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/path_resolver.h"

#include <chrono>
#include <utility>

#include "exporter/model/places.h"
#include "exporter/model/volume_options.h"
#include "exporter/model/volume_paths.h"

namespace volumeter {
namespace {

// What is open then is asked again with the next refresh: an inventory waits for us.
constexpr std::chrono::milliseconds kEnough{500};

constexpr std::size_t kMaxLinks = 40;  // as path_resolution(7) has it

}  // namespace

std::set<std::string> PathResolver::paths_of(const docker::Facts& facts) {
  std::set<std::string> paths;
  for (const auto& volume : facts.volumes) {
    const auto folder = volumes_folder(volume.mountpoint, volume.name);
    paths.insert(folder.empty() ? volume.mountpoint : std::string(folder));
    for (std::string& source : source_paths(volume)) paths.insert(std::move(source));
  }
  for (const auto& container : facts.containers) {
    for (const auto& mount : container.mounts) {
      if (mount.type == docker::MountType::kBind) paths.insert(mount.source);
    }
  }
  std::erase_if(paths, [](const std::string& path) { return !path.starts_with('/'); });
  return paths;
}

void PathResolver::set_paths(const docker::Facts& facts) {
  const std::set<std::string> wanted = paths_of(facts);
  std::erase_if(known_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  std::erase_if(open_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  for (const std::string& path : wanted) {
    if (!known_.contains(path)) open_.try_emplace(path, Progress{path, 0});
  }
}

bool PathResolver::resolve(const MountList& mounts, std::stop_token stop) {
  bool has_resolved = false;
  const auto began = host_.steady_now();
  while (!open_.empty() && !stop.stop_requested() && host_.steady_now() - began < kEnough) {
    const Round round = ask_open(mounts, stop);
    has_resolved |= round.has_resolved;
    if (!round.has_followed) break;
  }
  return has_resolved;
}

PathResolver::Round PathResolver::ask_open(const MountList& mounts, std::stop_token stop) {
  std::vector<std::string> paths;
  std::vector<Place> places;
  for (const auto& [path, progress] : open_) {
    paths.push_back(path);
    places.push_back(place_in(mounts, progress.path));
  }
  auto answers = host_.resolve(places, stop);
  Round round;
  for (std::size_t i = 0; i < paths.size(); ++i) take(paths[i], std::move(answers[i]), round);
  return round;
}

void PathResolver::take(const std::string& path, Result<std::string> answer, Round& round) {
  const auto found = open_.find(path);
  Progress& progress = found->second;
  if (!answer) {
    const ErrorKind kind = answer.error().kind;
    // A path that is missing may come: it is taken up again with the next list.
    if (kind != ErrorKind::kTimeout && kind != ErrorKind::kNotAsked) open_.erase(found);
  } else if (*answer == progress.path) {
    known_.insert_or_assign(path, std::move(progress.path));
    open_.erase(found);
    round.has_resolved = true;
  } else if (++progress.links > kMaxLinks) {
    open_.erase(found);
  } else {
    progress.path = std::move(answer).value();
    round.has_followed = true;
  }
}

const std::string& PathResolver::resolved(const std::string& path) const {
  const auto found = known_.find(path);
  return found == known_.end() ? path : found->second;
}

}  // namespace volumeter
