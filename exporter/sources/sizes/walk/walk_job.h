// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>

#include "exporter/base/result.h"
#include "exporter/sources/interface/tree_record.h"
#include "exporter/sources/sizes/walk/filesystem_entries.h"
#include "exporter/sources/sizes/walk/inode_set.h"
#include "exporter/sources/sizes/walk/tree_walk.h"
#include "exporter/sources/sizes/walk/walk_pool.h"

namespace volumeter {

// What the threads of one walk share.
class WalkJob {
 public:
  // `root`: an open directory of the filesystem.
  WalkJob(const WalkOptions& options, int root, dev_t device);

  // A job that begins at directories of the filesystem of an open file, instead of a root.
  void begin_at(int filesystem, std::span<const DirectoryHandle> beginnings);
  // Looks at directories and not at what lies below them.
  void stay_at_beginnings() { stays_ = true; }

  const WalkOptions& options() const { return options_; }
  unsigned threads() const { return threads_; }
  bool records() const { return static_cast<bool>(options_.record); }
  bool stays() const { return stays_; }
  FilesystemEntries& entries() { return entries_; }
  WallTime now() const { return options_.now + (std::chrono::steady_clock::now() - began_); }
  int filesystem() const { return filesystem_; }
  WalkPool& pool() { return pool_; }
  SeenInodes& seen() { return seen_; }

  const DirectoryHandle* next_beginning();
  void record(const TreeRecord& record);

  // Ends the job. The first error is kept.
  void fail(Error error);
  const std::optional<Error>& error() const { return error_; }  // once all threads are done

 private:
  const WalkOptions& options_;
  const unsigned threads_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  int filesystem_ = -1;
  FilesystemEntries entries_;
  std::span<const DirectoryHandle> beginnings_;
  std::atomic<std::size_t> next_beginning_ = 0;
  bool stays_ = false;
  WalkPool pool_;
  SeenInodes seen_;
  std::mutex mutex_;  // of what follows and of the taker of records
  std::optional<Error> error_;
};

}  // namespace volumeter
