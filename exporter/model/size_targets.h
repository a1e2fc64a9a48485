// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/model/inventory.h"
#include "exporter/sources/kernel/mountinfo.h"
#include "exporter/sources/sizes/size_target.h"

namespace volumeter {

// Where the host is seen from here.
struct SizeTargetOptions {
  std::string procfs = "/proc";       // where the host's is: the way into containers
  const MountList* mounts = nullptr;  // of the host; null: unknown, so that walks look themselves
  // Whether the root directory of a container's first process is the container's; absent: always.
  std::function<bool(std::uint32_t pid)> shows_container = {};
};

// What is to be measured on the host: its volumes as far as their data can be reached, the
// sources of bind mounts that the inventory lists, and the tmpfs mounts of running containers.
std::vector<SizeTarget> size_targets(const Inventory& inventory, const SizeTargetOptions& options);

// SizeTarget::key of a source of bind mounts; that of a volume is its name.
std::string size_key(const BindFacts& bind);

// SizeTarget::key of a tmpfs mount; `container` is the one that has it.
std::string size_key(const ContainerFacts& container, const MountFacts& tmpfs);

}  // namespace volumeter
