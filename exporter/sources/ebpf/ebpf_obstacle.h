// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/sources/interface/host_paths.h"
#include "exporter/sources/os/privileges.h"

namespace volumeter {

// Why eBPF is unavailable and the remedy, as a clause for humans that follows the error itself.
// `refused`: the error of the kernel. `permitted`: the capabilities that this process may use.
std::string ebpf_obstacle(const HostPaths& paths, std::string_view refused,
                          CapabilitySet permitted);

}  // namespace volumeter
