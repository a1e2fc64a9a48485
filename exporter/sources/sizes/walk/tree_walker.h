// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "exporter/base/unique_fd.h"
#include "exporter/sources/interface/tree_record.h"
#include "exporter/sources/sizes/walk/cold_entries.h"
#include "exporter/sources/sizes/walk/directory_reader.h"
#include "exporter/sources/sizes/walk/entry_sums.h"
#include "exporter/sources/sizes/walk/walk_job.h"
#include "exporter/sources/sizes/walk/walk_pool.h"

namespace volumeter {

// One thread's part in a walk.
class TreeWalker {
 public:
  explicit TreeWalker(WalkJob& job);

  void begin_at_root(UniqueFd root);
  void run();  // until nobody in the job has anything left to do
  const EntrySums& sums() const { return sums_; }

 private:
  // What a piece of a directory adds to the record of that directory.
  struct OwnSums {
    std::uint64_t apparent_bytes = 0;
    std::uint64_t allocated_bytes = 0;
    std::uint64_t inodes = 0;
    bool is_hot = false;
  };

  bool begin_next();
  void continue_newest();
  void visit_next();
  std::shared_ptr<OpenDirectory> open_child(const OpenDirectory& parent, const char* name);
  std::shared_ptr<OpenDirectory> enter(UniqueFd fd, const DirectoryHandle& parent);
  void count_closed(const OpenDirectory& parent, const char* name);

  void read_on(std::shared_ptr<OpenDirectory> directory);
  bool read_piece(OpenDirectory& directory);
  void look_at_piece(OpenDirectory& directory);
  void look_at(std::span<const DirectoryEntry> entries, OpenDirectory& directory, OwnSums& own);
  void look_at(const DirectoryEntry& entry, const OpenDirectory& directory, OwnSums& own);
  void count(const struct stat& info, const OpenDirectory& directory, OwnSums& own);
  void add_subdirectory(const OpenDirectory& directory, const char* name);
  void record_child(const OpenDirectory& directory, const char* name);
  void finish_piece(OpenDirectory& directory);

  void offer_work();
  void push(WalkTask task);
  std::optional<DirectoryHandle> find_handle(int file);
  bool is_hot(const struct stat& info) const;
  void note_error(int number);
  void report(std::uint64_t entries);

  WalkJob& job_;
  EntrySums sums_;
  DirectoryReader reader_;
  std::deque<WalkTask> tasks_;     // the newest is last and done first
  std::size_t pending_bytes_ = 0;  // of names in tasks_
  const std::size_t max_pending_bytes_;
  // While a directory is read: its subdirectories, and the right to read on in it.
  std::string names_;
  std::shared_ptr<OpenDirectory> reading_;
  ColdEntries cold_;
  WallTime now_{};  // when the directory at hand was begun; only where records are wanted
};

}  // namespace volumeter
