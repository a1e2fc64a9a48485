// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/base/unique_fd.h"

namespace volumeter {

// As openat2(2) with RESOLVE_IN_ROOT below the directory `root`, one component at a time, for
// kernels and seccomp filters without that call. Safe against concurrent renames: the kernel is
// never given a ".." or a symbolic link to follow, and the way back is the directories opened on
// the way down. An empty descriptor and errno on failure.
UniqueFd open_stepwise(int root, const std::string& path, int flags);

}  // namespace volumeter
