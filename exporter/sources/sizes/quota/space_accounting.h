// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "exporter/sources/interface/space_usage.h"

namespace volumeter {

// What the filesystem itself accounts to the open directory `root`, in time independent of
// how much lies in it:
//   kStatfs  only if `own_filesystem`: the directory is the root of a filesystem of its own
//   kQuota   the directory has a project of its own on ext4 or xfs and project quota is on
//   kQgroup  the directory is a btrfs subvolume and quota groups are on and consistent
// Nothing if none of them knows. Blocks for as long as the filesystem does.
std::optional<SpaceUsage> accounted_space(int root, bool own_filesystem);

}  // namespace volumeter
