// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "exporter/sources/kernel/block_devices.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// The block devices that a mounted filesystem lies on and everything below them, down to the
// disks; a device may come twice. Empty for a filesystem without any, and for zfs, whose pool
// does not name its disks to sysfs.
std::vector<BlockDevice> read_devices_below(const HostPaths& paths, const Mount& mount);

}  // namespace volumeter
