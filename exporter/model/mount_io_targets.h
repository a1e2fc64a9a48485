// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "exporter/model/inventory.h"
#include "exporter/sources/ebpf/mount_io_facts.h"

namespace volumeter {

// The mounts of all containers that run, their root filesystems included.
std::vector<MountIoTarget> mount_io_targets(const Inventory& inventory);

std::set<std::string> volume_names(const Inventory& inventory);

MountKey mount_key(const Inventory& inventory, const MountFacts& mount);

}  // namespace volumeter
