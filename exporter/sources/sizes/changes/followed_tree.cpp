// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/changes/followed_tree.h"

#include <utility>

namespace volumeter {
namespace {

// Reading a directory by its handle costs some times what a walk spends on it.
constexpr std::size_t kWorthAWalk = 4;
constexpr std::size_t kFewChanges = 64;
// Walks in progress share what room there is, which is compared after so many records.
constexpr std::uint64_t kComparedAfter = 1024;

TreeSums sums_of(const SpaceUsage& space) {
  return {space.apparent_bytes.value_or(0), space.allocated_bytes, space.inodes.value_or(0)};
}

std::size_t size_of(const std::unique_ptr<DirectoryIndex>& index) {
  return index ? index->directories() : 0;
}

}  // namespace

bool FollowedTree::begin_walk() {
  const std::size_t room = share_.room();
  if (room == 0) return false;
  next_ = std::make_unique<DirectoryIndex>(room);
  added_ = 0;
  return true;
}

void FollowedTree::add(const TreeRecord& record) {
  if (!next_) return;
  const bool has_place = next_->add(record);
  const bool is_compared = ++added_ % kComparedAfter == 0;
  if (!has_place || (is_compared && next_->directories() >= share_.room())) next_.reset();
  if (!next_ || is_compared) count();
}

std::optional<TreeSums> FollowedTree::end_walk(const SpaceUsage& space,
                                               const DirectoryHandles& meanwhile) {
  const std::optional<TreeSums> before = totals();
  changed_.clear();
  index_ = std::move(next_);
  // A directory that the walk read twice, because it was renamed meanwhile or is bind-mounted
  // inside the tree, counts twice as it does for du, and is in the index once.
  const bool is_right =
      index_ && index_->complete() && !index_->overflows() && index_->totals() == sums_of(space);
  if (!is_right) index_.reset();
  count();
  claim_all();
  settle(meanwhile);
  return before;
}

void FollowedTree::drop_walk() {
  next_.reset();
  count();
}

void FollowedTree::note_change(const DirectoryHandle& directory) {
  if (index_ && index_->contains(directory)) changed_.insert(directory);
}

std::optional<std::vector<DirectoryHandle>> FollowedTree::take_changed() {
  if (!index_) return {};
  for (const DirectoryHandle& handle : index_->hot()) changed_.insert(handle);
  if (changed_.size() > kFewChanges && changed_.size() * kWorthAWalk > index_->directories()) {
    drop();  // what it holds is known to be old, so no walk can verify it
    return {};
  }
  std::vector<DirectoryHandle> changed(changed_.begin(), changed_.end());
  changed_.clear();
  return changed;
}

std::vector<DirectoryIndex::Unknown> FollowedTree::update(std::span<const TreeRecord> records) {
  if (!index_) return {};
  auto unknown = index_->update(records);
  count();
  return unknown;
}

void FollowedTree::graft(std::span<const DirectoryIndex::Unknown> beginnings,
                         std::span<const TreeRecord> records) {
  if (!index_) return;
  index_->graft(beginnings, records);
  count();
  for (const TreeRecord& record : records) {
    if (record.kind == TreeRecord::Kind::kDirectory) pool_.owners().insert(record.handle, id_);
  }
}

void FollowedTree::settle(const DirectoryHandles& meanwhile) {
  if (!index_) return;
  for (const DirectoryHandle& handle : meanwhile) note_change(handle);
}

std::optional<TreeSums> FollowedTree::totals() const {
  if (!index_ || !index_->complete() || index_->overflows()) return {};
  return index_->totals();
}

void FollowedTree::drop() {
  index_.reset();
  next_.reset();
  changed_.clear();
  count();
}

void FollowedTree::claim_all() {
  if (!index_) return;
  index_->for_each([this](const DirectoryHandle& handle) { pool_.owners().insert(handle, id_); });
}

void FollowedTree::count() { share_.set(size_of(index_), size_of(next_)); }

}  // namespace volumeter
