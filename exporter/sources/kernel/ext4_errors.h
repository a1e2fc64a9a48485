// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "exporter/sources/interface/host_paths.h"

namespace volumeter {

// How many errors ext4 has found in the filesystem on `device` (a name of /proc/diskstats) since
// it was last repaired; absent if there is no mounted ext4 on it. One read of sysfs, which
// asks the disk nothing.
std::optional<std::uint64_t> read_ext4_errors(const HostPaths& paths, std::string_view device);

}  // namespace volumeter
