// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_reach.h"

#include <set>
#include <utility>

#include "exporter/model/volume_paths.h"

namespace volumeter {

VolumeReach::VolumeReach(std::vector<Volume> volumes, std::string engine_root)
    : volumes_(std::move(volumes)),
      engine_root_(std::move(engine_root)),
      through_(volumes_.size()) {
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    std::set<std::size_t> touched;
    for (const std::string& source : volumes_[i].sources) {
      for (const std::size_t other : touched_by(source)) touched.insert(other);
    }
    touched.erase(i);
    through_[i].assign(touched.begin(), touched.end());
  }
  // A volume in a volume in a volume. Each list is final once it holds what its members hold.
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    if (through_[i].empty()) continue;
    through_[i] = with_those_below(std::move(through_[i]));
    std::erase(through_[i], i);
  }
}

std::vector<std::size_t> VolumeReach::of_bind(std::string_view source) const {
  return with_those_below(touched_by(source));
}

// Agents and web interfaces mount all that the engine has, or all plugins: that refers to no single
// volume below.
std::vector<std::size_t> VolumeReach::touched_by(std::string_view source) const {
  const std::string plugins = engine_root_ + "/plugins";
  const bool has_all_plugins = !engine_root_.empty() && is_at_or_below(plugins, source);
  const bool has_all = is_at_or_below(engine_root_, source);
  std::vector<std::size_t> touched;
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    const std::string& directory = volumes_[i].directory;
    const std::string& bound = volumes_[i].bound;
    // Not what lies above: every agent that mounts / would use every bind volume.
    if (!bound.empty() && is_at_or_below(source, bound)) {
      touched.push_back(i);
      continue;
    }
    if (has_all && is_at_or_below(directory, engine_root_)) continue;
    if (has_all_plugins && is_at_or_below(directory, plugins)) continue;
    if (bind_refers_to(source, directory, volumes_[i].name)) touched.push_back(i);
  }
  return touched;
}

std::vector<std::size_t> VolumeReach::with_those_below(std::vector<std::size_t> volumes) const {
  std::set<std::size_t> all(volumes.begin(), volumes.end());
  while (!volumes.empty()) {
    const std::size_t volume = volumes.back();
    volumes.pop_back();
    for (const std::size_t below : through_[volume]) {
      if (all.insert(below).second) volumes.push_back(below);
    }
  }
  return {all.begin(), all.end()};
}

}  // namespace volumeter
