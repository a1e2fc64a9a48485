// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "exporter/model/inventory.h"
#include "exporter/sources/docker/facts.h"

namespace volumeter {

// Which containers refer to which volumes, and what follows for the use of each volume. Containers
// are added one after the other.
class VolumeReferences {
 public:
  // Keeps a reference to `inventory`, whose volumes are those of the engine, in that order.
  explicit VolumeReferences(Inventory& inventory) : inventory_(inventory) {}

  void add_volume();

  // The container at hand mounts the volume by name, or reaches its data in another way.
  void name(std::size_t volume, std::size_t container);
  void reach(const std::vector<std::size_t>& volumes, std::size_t container);

  // Counts the container at hand for its volumes, each once.
  void end_container(std::size_t container);

  // After the last container. `has_all_mounts`: the engine reported the mounts of each container.
  void find_unknown_use(const docker::Facts& docker, bool has_all_mounts);
  void find_prune_hazards(const docker::Facts& docker);

 private:
  void count(VolumeFacts& volume, const ContainerFacts& container);

  Inventory& inventory_;
  std::vector<std::vector<std::size_t>> named_by_;    // containers, by volume
  std::vector<std::vector<std::size_t>> reached_by_;  // containers in another way, by volume
  std::set<std::size_t> at_hand_;                     // volumes of the container at hand
};

}  // namespace volumeter
