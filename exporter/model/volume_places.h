// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/model/filesystem_index.h"
#include "exporter/model/inventory_builder.h"
#include "exporter/model/volume_reach.h"

namespace volumeter {

// Where the directory and the data of each volume are, as this host's mount table shows them.
class VolumePlaces {
 public:
  // `inputs` has the facts of an engine.
  VolumePlaces(const InventoryInputs& inputs, FilesystemIndex& filesystems);

  // Once a volume, in the engine's order. Adds filesystems to the index.
  void locate(const docker::Volume& volume, VolumeFacts& facts);

  // The volume's own directory with symbolic links resolved; empty if the engine names none.
  const std::string& directory(std::size_t volume) const { return directories_[volume]; }
  std::vector<VolumeReach::Volume> reach() const;

 private:
  void find_data(const docker::Volume& volume, const std::string& directory, VolumeFacts& facts);
  bool is_mounted_now(const docker::Volume& volume) const;
  bool is_moved(const docker::Volume& volume, const std::string& directory) const;

  const InventoryInputs& inputs_;
  FilesystemIndex& filesystems_;
  std::vector<std::string> directories_;
  // Name and driver of what running containers mount; an empty driver stands for any (the list of
  // API 1.24 and of Podman).
  std::set<std::pair<std::string_view, std::string_view>> mounted_now_;
};

}  // namespace volumeter
