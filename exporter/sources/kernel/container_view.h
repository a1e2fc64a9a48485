// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// Whether `mounts`, those of a container's first process, can be the container's: at their root lies
// a layer of an image. Of a sandboxed runtime that process is the sandbox: of gVisor (runsc) in an
// empty tmpfs, of Kata a virtual machine's monitor in a copy of the host's mounts. What the container
// does does not go through them, and paths below the process's root directory are none of it.
bool shows_container(const std::vector<Mount>& mounts, const MountList& host_mounts);

}  // namespace volumeter
