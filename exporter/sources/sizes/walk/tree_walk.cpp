// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/tree_walk.h"

#include <sys/stat.h>

#include <cerrno>
#include <deque>
#include <system_error>
#include <thread>
#include <vector>

#include "exporter/sources/os/files.h"
#include "exporter/sources/sizes/walk/entry_sums.h"
#include "exporter/sources/sizes/walk/file_handles.h"
#include "exporter/sources/sizes/walk/tree_walker.h"

namespace volumeter {
namespace {

// The calling thread works, too. Where no more threads are to be had (a limit of tasks), it
// goes on with those that there are.
std::vector<std::thread> start_others(WalkJob& job, std::deque<TreeWalker>& walkers) {
  std::vector<std::thread> threads;
  try {
    while (threads.size() + 1 < job.threads()) {
      TreeWalker& walker = walkers.emplace_back(job);
      threads.emplace_back([&walker] { walker.run(); });
    }
  } catch (const std::system_error&) {
    job.pool().leave(job.threads() - 1 - static_cast<unsigned>(threads.size()));
  }
  return threads;
}

Result<SpaceUsage> run(WalkJob& job, UniqueFd root) {
  std::deque<TreeWalker> walkers;  // nothing in it may move
  TreeWalker& first = walkers.emplace_back(job);
  if (root) first.begin_at_root(std::move(root));
  auto others = start_others(job, walkers);
  first.run();
  for (std::thread& other : others) other.join();
  if (job.error()) return *job.error();
  EntrySums sums(job.options().now);
  for (const TreeWalker& walker : walkers) sums.add(walker.sums());
  return sums.usage();
}

Result<dev_t> device_of(const UniqueFd& root) {
  struct stat info {};
  if (::fstat(root.get(), &info) != 0) return from_errno("fstat", errno);
  return info.st_dev;
}

Result<SpaceUsage> run_at(const UniqueFd& root, std::span<const DirectoryHandle> directories,
                          const WalkOptions& options, bool stays) {
  const auto device = device_of(root);
  if (!device) return device.error();
  WalkJob job(options, root.get(), *device);
  job.begin_at(root.get(), directories);
  if (stays) job.stay_at_beginnings();
  return run(job, UniqueFd());
}

}  // namespace

Result<SpaceUsage> walk_tree(UniqueFd root, const WalkOptions& options) {
  const auto device = device_of(root);
  if (!device) return device.error();
  if (options.record) {
    if (const auto handle = handle_of(root.get(), ""); !handle) return handle.error();
  }
  WalkJob job(options, root.get(), *device);
  return run(job, std::move(root));
}

Result<SpaceUsage> look_again(const UniqueFd& root, std::span<const DirectoryHandle> directories,
                              const WalkOptions& options) {
  return run_at(root, directories, options, true);
}

Result<SpaceUsage> walk_subtrees(const UniqueFd& root, std::span<const DirectoryHandle> directories,
                                 const WalkOptions& options) {
  return run_at(root, directories, options, false);
}

}  // namespace volumeter
