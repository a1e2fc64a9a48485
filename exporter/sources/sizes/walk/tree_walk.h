// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <span>

#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/interface/space_usage.h"
#include "exporter/sources/interface/tree_record.h"

namespace volumeter {

// How to walk, and who wants to know of it.
struct WalkOptions {
  unsigned threads = 1;
  WallTime now{};  // at the beginning; ages count from here
  // A directory is hot if something in it was modified so short a time before it was looked at.
  std::chrono::nanoseconds hot_time = std::chrono::minutes(10);
  // False: nothing is mounted inside the tree, so an entry that is no directory can be asked for its
  // attributes by name, which is one system call instead of three.
  bool has_mounts_below = true;
  // Called by every walking thread with the number of entries that it looked at since its
  // last call (each batch, at least every few hundred entries); it may block to slow the walk
  // down. False gives up. May be empty.
  std::function<bool(std::uint64_t entries)> progress;
  // Takes what an index of the tree needs; called from one thread at a time. Empty: nobody
  // wants it, and no handles are asked for.
  TreeRecordSink record;
};

// Sums up the tree below an open directory. What is mounted inside belongs to another filesystem,
// which is not asked for anything, not even attributes: it may hang. A bind mount of the same
// filesystem is part of the tree, as for du. To the byte what coreutils 9.1 gives:
//   apparent_bytes   du -s -x --apparent-size -B1
//   allocated_bytes  du -s -x -B1
//   inodes           du -s -x --inodes
// Blocks for as long as the filesystem does. Error only if the root itself cannot be read or
// the walk was given up; kUnsupported if records are wanted and the filesystem has no
// handles that fit.
Result<SpaceUsage> walk_tree(UniqueFd root, const WalkOptions& options);

// Looks once more at directories of the filesystem of `root`, not at what lies below them:
// gives kDirectory, kChild and kLink of each, or kGone, and what it looked at comes to. Error
// if it was given up.
Result<SpaceUsage> look_again(const UniqueFd& root, std::span<const DirectoryHandle> directories,
                              const WalkOptions& options);

// Walks whole trees that begin at directories of the filesystem of `root`; gives kDirectory
// (with an empty parent for each beginning) and kLink, or kGone, and what they come to. Error
// if it was given up.
Result<SpaceUsage> walk_subtrees(const UniqueFd& root, std::span<const DirectoryHandle> directories,
                                 const WalkOptions& options);

}  // namespace volumeter
