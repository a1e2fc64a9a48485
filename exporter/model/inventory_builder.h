// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "exporter/base/path_pattern.h"
#include "exporter/model/inventory.h"
#include "exporter/sources/docker/facts.h"
#include "exporter/sources/kernel/block_device.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// Input of build_inventory(). The functions answer from memory: none blocks.
struct InventoryInputs {
  const docker::Facts* docker = nullptr;  // null before the engine first answered
  const MountList* mounts = nullptr;      // never null
  // A host path with its symbolic links resolved, or the path itself if that is unknown.
  std::function<std::string(const std::string& path)> resolved;
  // Whether the host has no such path, as that of an engine in another machine.
  std::function<bool(const std::string& path)> is_missing = [](const std::string&) {
    return false;
  };
  // Where the writable layer of a process's root filesystem lies; empty if that is no overlay or
  // unknown.
  std::function<std::string(std::uint32_t pid)> upper_directory = [](std::uint32_t) {
    return std::string();
  };
  // All block devices below a filesystem; a device may come twice.
  std::function<std::vector<BlockDevice>(const Mount& mount)> devices_below;
  std::vector<BlockDevice> more_devices;  // to be listed whatever lies on them
  std::vector<std::string> user_labels;   // keys of volume labels to show
  PathPattern measured_binds;             // sources of bind mounts, links resolved
};

Inventory build_inventory(const InventoryInputs& inputs);

}  // namespace volumeter
