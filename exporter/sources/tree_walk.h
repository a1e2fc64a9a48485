// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/tree_usage.h"

namespace volumeter {

// Called after each entry and each directory; false gives up the walk.
using WalkProgress = std::function<bool()>;

// Sums up the tree below an open directory, to the byte what coreutils 9.1 gives:
//   apparent_bytes   du -s -x --apparent-size -B1
//   allocated_bytes  du -s -x -B1
//   inodes           du -s -x --inodes
// Holds one descriptor for each ancestor that still has directories to visit, so a chain of
// any depth needs two; where they run out the directory counts as an error. Blocks for as
// long as the filesystem does. Error only if the root itself cannot be read or the walk was
// given up.
Result<TreeUsage> walk_tree(UniqueFd root, const WalkProgress& progress);

}  // namespace volumeter
