// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/sources/interface/host_paths.h"

namespace volumeter {

// Why eBPF is unavailable, with the remedy, as a clause for humans. `refused` is the error of the
// kernel.
std::string ebpf_obstacle(const HostPaths& paths, std::string_view refused);

}  // namespace volumeter
