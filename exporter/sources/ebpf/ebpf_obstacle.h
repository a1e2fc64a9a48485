// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/sources/interface/host_paths.h"

namespace volumeter {

// Why the kernel does not let eBPF count, and what would change that, in one clause for people.
// `refused` is the error it gave.
std::string ebpf_obstacle(const HostPaths& paths, std::string_view refused);

}  // namespace volumeter
