// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/path_resolver.h"

#include <utility>

#include "exporter/model/image_store.h"
#include "exporter/model/places.h"
#include "exporter/model/volume_options.h"
#include "exporter/model/volume_paths.h"

namespace volumeter {
namespace {

// What is open then is asked again with the next refresh: an inventory waits for us.
constexpr std::chrono::milliseconds kEnough{500};

constexpr std::size_t kMaxLinks = 40;  // as path_resolution(7) has it

}  // namespace

// The folder of all volumes is asked for as well: a bind mount of it is told from one of a volume.
std::set<std::string> PathResolver::paths_of(const docker::Facts& facts) {
  std::set<std::string> paths{facts.engine.root_directory, images_folder(facts.engine)};
  for (const std::string& store : containerd_stores(facts.engine)) paths.insert(store);
  for (const auto& volume : facts.volumes) {
    paths.insert(volume.mountpoint);
    paths.emplace(volumes_folder(volume.mountpoint, volume.name));
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
    const auto known = known_.find(path);
    if (known == known_.end() || !known->second) open_.try_emplace(path, Progress{path, 0});
  }
}

bool PathResolver::resolve(const MountList& mounts, std::stop_token stop) {
  bool has_learnt = false;
  const auto began = host_.steady_now();
  open_old(mounts);
  while (!open_.empty() && !stop.stop_requested() && host_.steady_now() - began < kEnough) {
    const Round round = ask_open(mounts, stop);
    has_learnt |= round.has_learnt;
    if (!round.has_followed) break;
  }
  return has_learnt;
}

// What is mounted anew may have what was missing.
void PathResolver::open_old(const MountList& mounts) {
  const SteadyTime now = host_.steady_now();
  const bool asks_all = asked_all_ && now - *asked_all_ >= kAskAgainAfter;
  if (asks_all || !asked_all_) asked_all_ = now;
  const bool has_new_mounts = mounts.generation() != mounts_generation_;
  mounts_generation_ = mounts.generation();
  if (!asks_all && !has_new_mounts) return;
  for (const auto& [path, target] : known_) {
    if (asks_all || !target) open_.try_emplace(path, Progress{path, 0});
  }
}

PathResolver::Round PathResolver::ask_open(const MountList& mounts, std::stop_token stop) {
  std::vector<std::string> paths;
  std::vector<std::string> mount_points;
  std::vector<Place> places;
  for (const auto& [path, progress] : open_) {
    const Mount* mount = mounts.find(progress.path);
    // The mount table has no links, and what is mounted may hang.
    if (mount != nullptr && mount->mount_point == progress.path) {
      mount_points.push_back(path);
      continue;
    }
    paths.push_back(path);
    places.push_back(place_in(mounts, progress.path));
  }
  Round round;
  for (const std::string& path : mount_points) take(path, open_.at(path).path, round);
  if (places.empty()) return round;
  auto answers = host_.resolve(places, stop);
  for (std::size_t i = 0; i < paths.size(); ++i) take(paths[i], std::move(answers[i]), round);
  return round;
}

void PathResolver::take(const std::string& path, Result<std::string> answer, Round& round) {
  const auto found = open_.find(path);
  Progress& progress = found->second;
  if (!answer) {
    const ErrorKind kind = answer.error().kind;
    if (kind == ErrorKind::kTimeout || kind == ErrorKind::kNotAsked) return;
    if (kind == ErrorKind::kNotFound) learn(path, {}, round);
    open_.erase(found);
  } else if (*answer == progress.path) {
    learn(path, std::move(progress.path), round);
    open_.erase(found);
  } else if (++progress.links > kMaxLinks) {
    learn(path, {}, round);  // ELOOP for everybody
    open_.erase(found);
  } else {
    progress.path = std::move(answer).value();
    round.has_followed = true;
  }
}

void PathResolver::learn(const std::string& path, Target target, Round& round) {
  const auto [known, is_new] = known_.try_emplace(path);
  round.has_learnt |= is_new || known->second != target;
  known->second = std::move(target);
}

const std::string& PathResolver::resolved(const std::string& path) const {
  const auto found = known_.find(path);
  return found == known_.end() || !found->second ? path : *found->second;
}

bool PathResolver::is_missing(const std::string& path) const {
  const auto found = known_.find(path);
  return found != known_.end() && !found->second;
}

}  // namespace volumeter
