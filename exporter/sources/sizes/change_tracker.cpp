// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/change_tracker.h"

#include <algorithm>
#include <utility>

namespace volumeter {
namespace {

// Looking at a directory by its handle costs some times what a walk spends on it.
constexpr std::size_t kWorthAWalk = 4;
// So many changes during a walk are remembered; beyond, the walk brings no index.
constexpr std::size_t kMaxMeanwhile = 65'536;
constexpr std::size_t kFewOwners = 1024;  // not worth a second look
constexpr std::size_t kFewChanges = 64;
// Walks that go on at the same time share what room there is: looked at so often.
constexpr std::uint64_t kCheckedAfter = 1024;  // records

TreeSums sums_of(const SpaceUsage& space) {
  return {space.apparent_bytes.value_or(0), space.allocated_bytes, space.inodes.value_or(0)};
}

}  // namespace

bool ChangeTracker::begin_walk(const SizeTarget& target, std::stop_token stop) {
  if (target.mount_point.empty()) return false;
  const auto [found, is_new] = trees_.try_emplace(target.key);
  Tree& tree = found->second;
  if (is_new) {
    tree.id = next_id_++;
    keys_.emplace(tree.id, target.key);
  }
  tree.filesystem = target.filesystem();
  if (tree.is_refused || !has_feed(target, stop)) return false;
  const std::size_t room = room_beside(tree);
  if (room == 0) return false;
  drain_feeds();  // what changed before the walk is none of its business
  tree.next.emplace(room);
  walking_.emplace(target.key, tree.filesystem);
  return true;
}

// How many directories an index of the tree may hold.
std::size_t ChangeTracker::room_beside(const Tree& tree) const {
  std::size_t taken = 0;
  for (const auto& [key, other] : trees_) {
    if (&other == &tree) continue;
    if (other.index) taken += other.index->directories();
    if (other.next) taken += other.next->directories();
  }
  return kMaxDirectories - std::min(taken, kMaxDirectories);
}

bool ChangeTracker::has_feed(const SizeTarget& target, std::stop_token stop) {
  const auto known = feeds_.find(target.filesystem());
  if (known != feeds_.end()) return known->second.feed != nullptr;
  Place place = target.place;
  place.path = target.mount_point;
  auto feed = host_.watch_changes(place, stop);
  if (feed) {
    feeds_[target.filesystem()].feed = std::move(feed).value();
    return true;
  }
  const ErrorKind kind = feed.error().kind;
  // Any other reason may pass.
  if (kind != ErrorKind::kPermission && kind != ErrorKind::kUnsupported) return false;
  feeds_[target.filesystem()];
  log_.info("changes " + target.mount_point,
            "the filesystem at " + target.mount_point + " does not tell what changes (" +
                feed.error().text() + "); volumes on it are walked each time");
  return false;
}

void ChangeTracker::add(const std::string& key, const TreeRecord& record) {
  const auto tree = trees_.find(key);
  if (tree == trees_.end() || !tree->second.next) return;
  std::optional<DirectoryIndex>& next = tree->second.next;
  const bool has_place = next->add(record);
  const bool is_checked = ++added_ % kCheckedAfter == 0;
  if (!has_place || (is_checked && next->directories() >= room_beside(tree->second))) next.reset();
}

std::optional<DirectoryIndex::Totals> ChangeTracker::end_walk(const std::string& key,
                                                              const SpaceUsage& space) {
  const auto found = trees_.find(key);
  if (found == trees_.end()) return {};
  Tree& tree = found->second;
  drain_feeds();
  std::optional<DirectoryIndex::Totals> before;
  if (tree.index && tree.index->complete()) before = tree.index->totals();
  tree.changed.clear();
  tree.index = std::exchange(tree.next, std::nullopt);
  // A directory that the walk came to twice, by a bind mount of it inside the tree or because
  // it was renamed meanwhile, counts twice as it does for du, and is in the index once.
  if (tree.index && !(tree.index->complete() && tree.index->totals() == sums_of(space))) {
    tree.index.reset();
  }
  if (tree.index) claim(tree);
  place_meanwhile(tree);
  drop_walk(key);
  return before;
}

void ChangeTracker::drop_walk(const std::string& key) {
  const auto walk = walking_.find(key);
  if (walk == walking_.end()) return;
  const std::string filesystem = walk->second;
  walking_.erase(walk);
  trees_.at(key).next.reset();
  if (!is_walking(filesystem)) feeds_[filesystem].meanwhile.clear();
}

void ChangeTracker::forget(const std::string& key) {
  drop_walk(key);
  const auto tree = trees_.find(key);
  if (tree == trees_.end()) return;
  keys_.erase(tree->second.id);
  trees_.erase(tree);
}

std::optional<std::vector<DirectoryHandle>> ChangeTracker::take_changed(const std::string& key) {
  const auto found = trees_.find(key);
  if (found == trees_.end() || !found->second.index) return {};
  drain_feeds();
  Tree& tree = found->second;
  if (!tree.index) return {};  // the feed has just lost something
  for (const DirectoryHandle& handle : tree.index->hot()) tree.changed.insert(handle);
  if (tree.changed.size() > kFewChanges &&
      tree.changed.size() * kWorthAWalk > tree.index->directories()) {
    drop_index(key);  // what it holds is known to be old, so no walk can prove it
    return {};
  }
  std::vector<DirectoryHandle> changed(tree.changed.begin(), tree.changed.end());
  tree.changed.clear();
  return changed;
}

std::vector<DirectoryIndex::Unknown> ChangeTracker::update(const std::string& key,
                                                           std::span<const TreeRecord> records) {
  const auto found = trees_.find(key);
  if (found == trees_.end() || !found->second.index) return {};
  auto unknown = found->second.index->update(records);
  if (!unknown.empty()) walking_.emplace(key, found->second.filesystem);
  return unknown;
}

void ChangeTracker::graft(const std::string& key,
                          std::span<const DirectoryIndex::Unknown> beginnings,
                          std::span<const TreeRecord> records) {
  const auto found = trees_.find(key);
  if (found == trees_.end() || !found->second.index) return;
  found->second.index->graft(beginnings, records);
  for (const TreeRecord& record : records) {
    if (record.kind == TreeRecord::Kind::kDirectory) {
      owners_.insert(record.handle, found->second.id);
    }
  }
}

void ChangeTracker::end_look(const std::string& key) {
  const auto found = trees_.find(key);
  if (found == trees_.end() || !walking_.contains(key)) return;
  drain_feeds();
  place_meanwhile(found->second);
  drop_walk(key);
}

// What changed while it was not known yet.
void ChangeTracker::place_meanwhile(Tree& tree) {
  if (!tree.index) return;
  for (const DirectoryHandle& handle : feeds_[tree.filesystem].meanwhile) {
    if (tree.index->contains(handle)) tree.changed.insert(handle);
  }
}

std::optional<DirectoryIndex::Totals> ChangeTracker::totals(const std::string& key) const {
  const auto found = trees_.find(key);
  if (found == trees_.end() || !found->second.index || !found->second.index->complete()) return {};
  return found->second.index->totals();
}

void ChangeTracker::drop_index(const std::string& key) {
  drop_walk(key);
  const auto tree = trees_.find(key);
  if (tree == trees_.end()) return;
  tree->second.index.reset();
  tree->second.changed.clear();
}

void ChangeTracker::refuse(const std::string& key, const Error& error) {
  drop_index(key);
  trees_[key].is_refused = true;
  log_.info("changes", "what changed cannot be looked at (" + error.text() +
                           "), so volumes are walked each time");
}

void ChangeTracker::close_unused_feeds() {
  std::unordered_set<std::string> used;
  for (const auto& [key, tree] : trees_) used.insert(tree.filesystem);
  std::erase_if(feeds_, [&](const auto& feed) { return !used.contains(feed.first); });
}

void ChangeTracker::drain() {
  drain_feeds();
  if (owners_.size() > kFewOwners && owners_.size() > 2 * directories()) rebuild_owners();
}

void ChangeTracker::drain_feeds() {
  for (auto& [filesystem, feed] : feeds_) {
    if (feed.feed) take_in(filesystem, feed, feed.feed->drain());
  }
}

void ChangeTracker::take_in(const std::string& filesystem, Feed& feed,
                            const ChangeFeed::Changes& changes) {
  const bool walking = is_walking(filesystem);
  for (const DirectoryHandle& handle : changes.directories) {
    owners_.find(handle, [&](std::uint32_t id) {
      const auto key = keys_.find(id);
      if (key == keys_.end()) return;
      const auto tree = trees_.find(key->second);
      if (tree == trees_.end() || !tree->second.index) return;
      if (tree->second.index->contains(handle)) tree->second.changed.insert(handle);
    });
    if (walking) feed.meanwhile.insert(handle);
  }
  if (!changes.is_complete || feed.meanwhile.size() > kMaxMeanwhile) lose(filesystem);
}

void ChangeTracker::lose(const std::string& filesystem) {
  for (auto& [key, tree] : trees_) {
    if (tree.filesystem != filesystem) continue;
    tree.index.reset();
    tree.next.reset();
    tree.changed.clear();
  }
  feeds_[filesystem].meanwhile.clear();
}

void ChangeTracker::claim(Tree& tree) {
  tree.index->for_each([&](const DirectoryHandle& handle) { owners_.insert(handle, tree.id); });
}

void ChangeTracker::rebuild_owners() {
  owners_.clear();
  for (auto& [key, tree] : trees_) {
    if (tree.index) claim(tree);
  }
}

bool ChangeTracker::is_walking(const std::string& filesystem) const {
  return std::any_of(walking_.begin(), walking_.end(),
                     [&](const auto& walk) { return walk.second == filesystem; });
}

bool ChangeTracker::is_watching() const {
  return std::any_of(feeds_.begin(), feeds_.end(),
                     [](const auto& feed) { return feed.second.feed != nullptr; });
}

std::size_t ChangeTracker::directories() const {
  std::size_t sum = 0;
  for (const auto& [key, tree] : trees_) {
    if (tree.index) sum += tree.index->directories();
  }
  return sum;
}

}  // namespace volumeter
