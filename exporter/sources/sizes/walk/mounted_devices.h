// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <unordered_map>

namespace volumeter {

// Device numbers of what is mounted, by mount point; of stacked mounts the topmost.
using MountedDevices = std::unordered_map<std::string, dev_t>;

// The text of /proc/self/mountinfo; a bad line costs that line.
MountedDevices parse_mounted_devices(std::string_view text);

}  // namespace volumeter
