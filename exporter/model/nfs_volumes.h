// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "exporter/model/inventory.h"
#include "exporter/sources/kernel/mountstats.h"

namespace volumeter {

// A volume plugin may give one directory to several volumes: none of them has the mount alone.
void mark_shared_nfs_mounts(std::vector<VolumeFacts>& volumes);

// Whether any volume is an NFS mount that shares its superblock with no other mount of the host.
bool has_nfs_counters(const Inventory& inventory);

// The NFS client's counters of each such volume, by index in inventory.volumes. `mounts`: the
// result of parse_mountstats(); nothing if it could not be read. The inventory may be older: a
// mount is matched only if its source is still the same.
std::vector<std::optional<NfsStats>> nfs_of_volumes(const Inventory& inventory,
                                                    std::optional<std::vector<NfsStats>> mounts);

}  // namespace volumeter
