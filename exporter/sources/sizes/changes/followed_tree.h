// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "exporter/sources/interface/space_usage.h"
#include "exporter/sources/sizes/changes/directory_index.h"
#include "exporter/sources/sizes/changes/index_pool.h"

namespace volumeter {

using DirectoryHandles = std::unordered_set<DirectoryHandle, DirectoryHandleHash>;

// The directories of one target: their index, which of them changed since they were last read,
// and the index that a walk in progress builds. Plain data: knows nothing of files.
//
//   begin_walk() add()... end_walk()            builds an index, which replaces the one before
//   take_changed() update() graft()... settle()  keeps it up
class FollowedTree {
 public:
  // `id`: what IndexPool::owners() calls this tree.
  FollowedTree(IndexPool& pool, std::uint32_t id) : pool_(pool), id_(id), share_(pool) {}

  bool has_index() const { return index_ != nullptr; }
  bool is_building() const { return next_ != nullptr; }

  // False: there is no room for an index.
  bool begin_walk();
  void add(const TreeRecord& record);
  // The walk found `space`. `meanwhile`: directories of the filesystem that changed since it
  // began. Gives what the index before it came to.
  std::optional<TreeSums> end_walk(const SpaceUsage& space, const DirectoryHandles& meanwhile);
  void drop_walk();

  // Something in the directory changed.
  void note_change(const DirectoryHandle& directory);

  // Nothing if there is no index, or if so much changed that a walk costs no more. Else the
  // directories to read again, which count as read.
  std::optional<std::vector<DirectoryHandle>> take_changed();
  std::vector<DirectoryIndex::Unknown> update(std::span<const TreeRecord> records);
  void graft(std::span<const DirectoryIndex::Unknown> beginnings,
             std::span<const TreeRecord> records);
  // All of it was read; `meanwhile` as above, if subtrees were walked.
  void settle(const DirectoryHandles& meanwhile);

  // Nothing if there is no index, or it is not complete.
  std::optional<TreeSums> totals() const;

  // The index cannot be trusted any more.
  void drop();

  // Enters all directories into IndexPool::owners().
  void claim_all();

 private:
  void count();

  IndexPool& pool_;
  const std::uint32_t id_;
  IndexPool::Share share_;
  std::unique_ptr<DirectoryIndex> index_;
  std::unique_ptr<DirectoryIndex> next_;
  DirectoryHandles changed_;  // of index_
  std::uint64_t added_ = 0;   // records, to next_
};

}  // namespace volumeter
