// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "exporter/sources/kernel/block_devices.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// The block devices of a mounted filesystem and all devices below them, down to the disks; may
// contain duplicates. Empty for filesystems without block devices, and for zfs, whose pools do
// not appear in sysfs.
std::vector<BlockDevice> read_devices_below(const HostPaths& paths, const Mount& mount);

}  // namespace volumeter
