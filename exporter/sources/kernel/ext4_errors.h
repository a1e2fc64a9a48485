// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "exporter/sources/interface/host_paths.h"

namespace volumeter {

// Filesystem errors recorded by ext4 on `device` (a name of /proc/diskstats) since the last fsck;
// absent if no ext4 filesystem of that device is mounted. Reads sysfs and causes no disk I/O.
std::optional<std::uint64_t> read_ext4_errors(const HostPaths& paths, std::string_view device);

}  // namespace volumeter
