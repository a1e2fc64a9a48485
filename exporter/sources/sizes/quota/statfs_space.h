// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/vfs.h>

#include <optional>

#include "exporter/sources/interface/space_usage.h"

namespace volumeter {

// The space of a volume that is a whole filesystem, from what statfs(2) says of it. A filesystem
// of this machine has its own size for a limit; a server's is nobody's limit. Nothing if the
// filesystem does not count (tmpfs with size=0) or gives the numbers of another one.
std::optional<SpaceUsage> statfs_space(const struct statfs& said);

}  // namespace volumeter
