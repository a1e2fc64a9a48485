// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "exporter/model/inventory.h"
#include "exporter/sources/kernel/mountstats.h"

namespace volumeter {

// Whether there is a volume that is an NFS mount of its own and shares its superblock with no
// other mount of the host.
bool has_nfs_counters(const Inventory& inventory);

// What the NFS client counted for each of these volumes, by index in inventory.volumes.
// `mounts` as parse_mountstats() gives them; nothing if they could not be read. The inventory
// may be older: a mount counts only if its source is still the one that was seen there.
std::vector<std::optional<NfsStats>> nfs_of_volumes(const Inventory& inventory,
                                                    std::optional<std::vector<NfsStats>> mounts);

}  // namespace volumeter
