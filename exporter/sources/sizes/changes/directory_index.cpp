// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/changes/directory_index.h"

#include <algorithm>
#include <initializer_list>

namespace volumeter {
namespace {

constexpr auto kNone = DirectoryTree::kNone;
using Kind = TreeRecord::Kind;

}  // namespace

bool DirectoryIndex::add(const TreeRecord& record) {
  const bool is_of_a_walk = record.kind == Kind::kDirectory || record.kind == Kind::kLink;
  const Number directory = is_of_a_walk ? find_or_await(record.handle) : kNone;
  return is_whole_ = directory != kNone && put(directory, record) && is_whole_;
}

std::vector<DirectoryIndex::Unknown> DirectoryIndex::update(std::span<const TreeRecord> records) {
  if (!lacks_names()) new_links_.clear();
  expect_names(records);
  const std::vector<Number> looked_at = begin_looks(records);
  take_down_moved(records);
  std::vector<Unknown> unknown = move_listed(records);
  for (const TreeRecord& record : records) {
    const Number directory = record.kind == Kind::kLink ? find_looked_at(record.handle) : kNone;
    if (directory != kNone) take_link(directory, record);
  }
  remove_unlisted(looked_at);
  remove_gone(records);
  remove_loose(records);
  end_looks(looked_at);
  return unknown;
}

void DirectoryIndex::graft(std::span<const Unknown> beginnings,
                           std::span<const TreeRecord> records) {
  expect_names(records);
  // A walk may come to a directory that is known: it was moved there since. See
  // take_down_moved().
  for (const TreeRecord& record : records) {
    const Number known = record.kind == Kind::kDirectory ? find_known(record.handle) : kNone;
    if (known == kNone) continue;
    tree_.take_down(known);
    links_.drop(known);
  }
  for (const TreeRecord& record : records) {
    if (record.kind == Kind::kDirectory || record.kind == Kind::kLink) put_new(record);
  }
  for (const Unknown& beginning : beginnings) {
    const Number directory = find_known(beginning.directory);
    const Number parent = find_known(beginning.parent);
    if (directory != kNone && parent != kNone) hang(directory, parent);
  }
  remove_gone(records);
  remove_loose(records);
  tidy_hot();
}

bool DirectoryIndex::contains(const DirectoryHandle& directory) const {
  return find_known(directory) != kNone;
}

DirectoryIndex::Totals DirectoryIndex::totals() const { return all_totals().sums(); }

TreeTotals DirectoryIndex::all_totals() const {
  TreeTotals all = sums_;
  all += links_.totals();
  return all;
}

std::vector<DirectoryHandle> DirectoryIndex::hot() const {
  std::vector<DirectoryHandle> handles;
  for (const Number directory : hot_) {
    if (tree_[directory].is_hot) handles.push_back(tree_[directory].handle());
  }
  return handles;
}

std::size_t DirectoryIndex::memory_bytes() const {
  return sizeof(*this) + tree_.memory_bytes() + hot_.capacity() * sizeof(Number) +
         links_.weight() * sizeof(DirectoryTree::Node);
}

DirectoryIndex::Number DirectoryIndex::find_known(const DirectoryHandle& handle) const {
  const Number directory = tree_.find(handle);
  return directory != kNone && tree_[directory].is_known ? directory : kNone;
}

DirectoryIndex::Number DirectoryIndex::find_looked_at(const DirectoryHandle& handle) const {
  const Number directory = tree_.find(handle);
  return directory != kNone && tree_[directory].is_looked_at ? directory : kNone;
}

// kNone: there is no room for it, or no such handle.
DirectoryIndex::Number DirectoryIndex::find_or_await(const DirectoryHandle& handle) {
  const Number directory = tree_.find(handle);
  if (directory != kNone) return directory;
  if (!DirectoryTree::fits(handle) || !has_room()) {
    is_whole_ = false;
    return kNone;
  }
  ++awaited_;
  return tree_.insert(handle);
}

bool DirectoryIndex::has_room() const { return tree_.size() + links_.weight() < max_directories_; }

// Not the place that it has among the others.
void DirectoryIndex::take_directory(Number directory, const TreeRecord& record) {
  DirectoryTree::Node& node = tree_[directory];
  if (!node.is_known) --awaited_;
  node.is_known = true;
  sums_ -= node.sums;
  node.sums = {record.apparent_bytes, record.allocated_bytes, record.inodes};
  sums_ += node.sums;
  node.is_hot = record.is_hot;
  if (!record.is_hot || node.is_among_hot) return;
  node.is_among_hot = true;
  hot_.push_back(directory);
}

bool DirectoryIndex::take_link(Number directory, const TreeRecord& record) {
  if (!has_room()) return is_whole_ = false;
  links_.add(directory, record.inode, record.apparent_bytes, record.allocated_bytes);
  return true;
}

// What a full walk found. False: it has no place.
bool DirectoryIndex::put(Number directory, const TreeRecord& record) {
  if (record.kind == Kind::kLink) return take_link(directory, record);
  take_directory(directory, record);
  if (record.parent.empty()) return make_root(directory);
  const Number parent = find_or_await(record.parent);
  return parent != kNone && hang(directory, parent);
}

bool DirectoryIndex::make_root(Number directory) {
  if (root_ == kNone && tree_[directory].parent == kNone) root_ = directory;
  return root_ == directory;
}

// What a walk of a new tree found: the beginning of such a tree has no place yet.
void DirectoryIndex::put_new(const TreeRecord& record) {
  const Number directory = find_or_await(record.handle);
  if (directory == kNone) return;
  if (record.kind == Kind::kLink) {
    take_link(directory, record);
    return;
  }
  take_directory(directory, record);
  const Number parent = record.parent.empty() ? kNone : find_or_await(record.parent);
  if (parent != kNone) hang(directory, parent);
}

// Gives those looked at, each once, and takes what was in them as not there any more.
std::vector<DirectoryIndex::Number> DirectoryIndex::begin_looks(
    std::span<const TreeRecord> records) {
  std::vector<Number> looked_at;
  for (const TreeRecord& record : records) {
    const Number directory = record.kind == Kind::kDirectory ? find_known(record.handle) : kNone;
    if (directory == kNone) continue;
    take_directory(directory, record);
    if (tree_[directory].is_looked_at) continue;
    tree_[directory].is_looked_at = true;
    looked_at.push_back(directory);
    links_.drop(directory);
    for (Number child = tree_[directory].first_child; child != kNone;
         child = tree_[child].next_sibling) {
      tree_[child].is_listed = false;
    }
  }
  return looked_at;
}

// All that moved leave their old places before the first takes its new one: after
// `mv a/b . && mv a b/`, a is found in b, which is in a no more.
void DirectoryIndex::take_down_moved(std::span<const TreeRecord> records) {
  for (const TreeRecord& record : records) {
    if (record.kind != Kind::kChild) continue;
    const Number child = find_known(record.handle);
    const Number parent = find_looked_at(record.parent);
    if (child != kNone && parent != kNone && tree_[child].parent != parent) tree_.take_down(child);
  }
}

// A directory that was found twice stays where it was found last.
std::vector<DirectoryIndex::Unknown> DirectoryIndex::move_listed(
    std::span<const TreeRecord> records) {
  std::vector<Unknown> unknown;
  for (const TreeRecord& record : records) {
    const Number parent = record.kind == Kind::kChild ? find_looked_at(record.parent) : kNone;
    if (parent == kNone) continue;
    const Number child = find_known(record.handle);
    if (child == kNone) {
      unknown.push_back({.directory = record.handle, .parent = record.parent});
      continue;
    }
    tree_[child].is_listed = true;
    hang(child, parent);
  }
  return unknown;
}

// Whatever has found another place has left by now.
void DirectoryIndex::remove_unlisted(std::span<const Number> looked_at) {
  std::vector<Number> unlisted;
  for (const Number directory : looked_at) {
    if (!tree_.is_in_use(directory)) continue;
    for (Number child = tree_[directory].first_child; child != kNone;
         child = tree_[child].next_sibling) {
      if (!tree_[child].is_listed) unlisted.push_back(child);
    }
  }
  for (const Number directory : unlisted) {
    if (tree_.is_in_use(directory)) remove_with_all_below(directory);
  }
}

void DirectoryIndex::remove_gone(std::span<const TreeRecord> records) {
  for (const TreeRecord& record : records) {
    const Number gone = record.kind == Kind::kGone ? tree_.find(record.handle) : kNone;
    if (gone != kNone) remove_with_all_below(gone);
  }
}

// What hangs below none and is not the root: its parent was not told, or went away, or seemed
// to be below it.
void DirectoryIndex::remove_loose(std::span<const TreeRecord> records) {
  for (const TreeRecord& record : records) {
    for (const DirectoryHandle* handle : {&record.handle, &record.parent}) {
      const Number directory = tree_.find(*handle);
      if (directory == kNone || directory == root_ || tree_[directory].parent != kNone) continue;
      remove_with_all_below(directory);
    }
  }
}

void DirectoryIndex::end_looks(std::span<const Number> looked_at) {
  for (const Number directory : looked_at) tree_[directory].is_looked_at = false;
  tidy_hot();
}

// False: `parent` is below `child`, which stays loose if it was taken down for this. Then
// something between the two was moved away, and the look at its new parent is still to come:
// that look finds it unknown, with all that is in it.
bool DirectoryIndex::hang(Number child, Number parent) {
  if (tree_[child].parent == parent) return true;
  if (child == root_ || tree_.is_above(child, parent)) return false;
  tree_.hang(child, parent);
  return true;
}

// From the leaves up; a recursion could be as deep as the tree.
void DirectoryIndex::remove_with_all_below(Number top) {
  for (Number directory = top; directory != kNone;) {
    while (tree_[directory].first_child != kNone) directory = tree_[directory].first_child;
    const Number parent = directory == top ? kNone : tree_[directory].parent;
    remove_one(directory);
    directory = parent;
  }
}

void DirectoryIndex::remove_one(Number directory) {
  const DirectoryTree::Node& node = tree_[directory];
  sums_ -= node.sums;
  if (!node.is_known) --awaited_;
  if (directory == root_) root_ = kNone;
  links_.drop(directory);
  tree_.remove(directory);
}

void DirectoryIndex::tidy_hot() {
  std::erase_if(hot_, [this](Number directory) {
    DirectoryTree::Node& node = tree_[directory];
    if (!node.is_hot) node.is_among_hot = false;
    return !node.is_hot;
  });
}

// A name of an inode with several that was not among those had but one, which may be anywhere.
void DirectoryIndex::expect_names(std::span<const TreeRecord> records) {
  for (const TreeRecord& record : records) {
    if (record.kind != Kind::kLink) continue;
    const auto expected = new_links_.find(record.inode);
    if (expected != new_links_.end()) {
      expected->second = record.names;
    } else if (links_.names_of(record.inode) == 0) {
      new_links_.emplace(record.inode, record.names);
    }
  }
}

bool DirectoryIndex::lacks_names() const {
  return std::any_of(new_links_.begin(), new_links_.end(), [this](const auto& link) {
    const std::uint64_t known = links_.names_of(link.first);
    return known > 0 && known < link.second;
  });
}

}  // namespace volumeter
