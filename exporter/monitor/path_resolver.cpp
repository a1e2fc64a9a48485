// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/path_resolver.h"

#include "exporter/model/volume_options.h"
#include "exporter/model/volume_paths.h"

namespace volumeter {

std::set<std::string> PathResolver::paths_of(const docker::Facts& facts) {
  std::set<std::string> paths;
  for (const auto& volume : facts.volumes) {
    const auto folder = volumes_folder(volume.mountpoint, volume.name);
    paths.insert(folder.empty() ? volume.mountpoint : std::string(folder));
    if (auto bound = bound_directory(volume)) paths.insert(*std::move(bound));
  }
  for (const auto& container : facts.containers) {
    for (const auto& mount : container.mounts) {
      if (mount.type == docker::MountType::kBind) paths.insert(mount.source);
    }
  }
  std::erase_if(paths, [](const std::string& path) { return !path.starts_with('/'); });
  return paths;
}

void PathResolver::update(const docker::Facts& facts, const MountList& mounts,
                          std::stop_token stop) {
  const std::set<std::string> wanted = paths_of(facts);
  std::erase_if(known_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  std::map<const Mount*, bool> answers;
  for (const std::string& path : wanted) {
    if (known_.contains(path) || stop.stop_requested()) continue;
    const Mount* mount = mounts.find(path);
    const auto [entry, is_new] = answers.try_emplace(mount, false);
    if (is_new) entry->second = does_answer(mount, stop);
    if (!entry->second) continue;
    // What fails is asked again next time: a path may come, a filesystem may recover.
    if (auto answer = host_.resolve(path, stop)) known_.emplace(path, std::move(answer).value());
  }
}

// The same question that the filesystem sampler asks: the source puts it once.
bool PathResolver::does_answer(const Mount* mount, std::stop_token stop) const {
  if (mount == nullptr) return true;
  const auto answer = host_.statfs(mount->mount_point, stop);
  return answer.has_value() || answer.error().kind != ErrorKind::kTimeout;
}

const std::string& PathResolver::resolved(const std::string& path) const {
  const auto found = known_.find(path);
  return found == known_.end() ? path : found->second;
}

}  // namespace volumeter
