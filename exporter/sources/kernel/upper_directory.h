// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "exporter/sources/interface/host_paths.h"

namespace volumeter {

// Where a container's writes to its root filesystem go, as the mount namespace of its first process
// says: "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs". Empty if the
// root is no overlay, or cannot be read.
std::string read_upper_directory(const HostPaths& paths, std::uint32_t pid);

}  // namespace volumeter
