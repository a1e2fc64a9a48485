// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exporter/base/device_number.h"
#include "exporter/base/result.h"
#include "exporter/sources/interface/host_paths.h"
#include "exporter/sources/kernel/block_device.h"

namespace volumeter {

// The number of the device with the sysfs directory `folder`.
std::optional<DeviceNumber> read_device_number(const std::string& folder);

// Only the name, as in /proc/diskstats: one readlink(2).
Result<std::string> read_block_device_name(const HostPaths& paths, DeviceNumber number);

// kNotFound for major 0: filesystems without a block device (tmpfs, nfs, overlay, btrfs).
Result<BlockDevice> read_block_device(const HostPaths& paths, DeviceNumber number);

// The device first, then all underlying devices, each once; at most 64, and the hidden paths of
// NVMe disks. Underlying devices that cannot be read are left out.
Result<std::vector<BlockDevice>> read_block_devices(const HostPaths& paths, DeviceNumber number);

}  // namespace volumeter
