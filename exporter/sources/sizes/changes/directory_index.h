// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "exporter/sources/interface/tree_record.h"
#include "exporter/sources/sizes/changes/directory_tree.h"
#include "exporter/sources/sizes/changes/linked_inodes.h"
#include "exporter/sources/sizes/changes/tree_sums.h"

namespace volumeter {

// What a volume's directories held when each was last looked at, so that looking again at
// those that changed gives the size of the whole. Plain data: knows nothing of files.
//
// Built from the records of a walk, then kept up by those of look_again() and
// walk_subtrees(). Some 75 bytes a directory.
//
// What happens to a file by one of its names is noticed in the directory of that name alone.
// When one got a second name, that of its first name still counts it as its own: the index is
// of no use until that one is looked at again as well. One that grew by a name that was then
// removed keeps its old size until that of another name is; the next full walk sets it right.
class DirectoryIndex {
 public:
  using Totals = TreeSums;

  // Holds at most `max_directories`. An inode with several names takes the place of one, and
  // so do eight such names.
  explicit DirectoryIndex(std::size_t max_directories) : max_directories_(max_directories) {}

  // Takes a record of a full walk, in any order. False: it does not fit together (a second
  // root, a directory that is its own ancestor), is not of a walk, or is one too many.
  bool add(const TreeRecord& record);

  // A subdirectory that a look found and the index does not know.
  struct Unknown {
    DirectoryHandle directory;
    DirectoryHandle parent;
  };

  // Takes the records of one look_again(), all of them at once. Gives the subdirectories it
  // does not know: walk_subtrees() has to look at them next.
  //
  // A directory that was moved stays known if the look at its new parent comes with or before
  // the look at its old one. Records of directories that it does not know cost themselves.
  std::vector<Unknown> update(std::span<const TreeRecord> records);

  // Takes the records of walk_subtrees() for what update() did not know. What begins below a
  // directory that is not known any more is left out.
  void graft(std::span<const Unknown> beginnings, std::span<const TreeRecord> records);

  // Whether the totals are those of the whole tree. False before the walk is done, for good
  // after add() gave false, and once there are too many directories: of no use then. False as
  // well while names of an inode are missing that had one name before, as far as is known.
  bool complete() const {
    return is_whole_ && root_ != DirectoryTree::kNone && awaited_ == 0 && !lacks_names();
  }

  bool contains(const DirectoryHandle& directory) const;
  // Calls `visit` with the handle of each.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    tree_.for_each(visit);
  }
  Totals totals() const;
  // Whether the totals are beyond 64 bits, so that totals() is wrong.
  bool overflows() const { return all_totals().overflows(); }
  std::size_t directories() const { return tree_.size() - awaited_; }
  // Those in which something was modified a short time before the last look: files that are
  // being written, which fanotify does not tell until they are closed.
  std::vector<DirectoryHandle> hot() const;
  std::size_t memory_bytes() const;  // about

 private:
  using Number = DirectoryTree::Number;

  TreeTotals all_totals() const;
  Number find_known(const DirectoryHandle& handle) const;
  Number find_looked_at(const DirectoryHandle& handle) const;
  Number find_or_await(const DirectoryHandle& handle);
  bool has_room() const;

  void take_directory(Number directory, const TreeRecord& record);
  bool take_link(Number directory, const TreeRecord& record);
  bool put(Number directory, const TreeRecord& record);
  void put_new(const TreeRecord& record);
  bool make_root(Number directory);

  std::vector<Number> begin_looks(std::span<const TreeRecord> records);
  void take_down_moved(std::span<const TreeRecord> records);
  std::vector<Unknown> move_listed(std::span<const TreeRecord> records);
  void remove_unlisted(std::span<const Number> looked_at);
  void remove_gone(std::span<const TreeRecord> records);
  void end_looks(std::span<const Number> looked_at);

  bool hang(Number child, Number parent);
  void remove_with_all_below(Number top);
  void remove_one(Number directory);
  void remove_loose(std::span<const TreeRecord> records);
  void tidy_hot();
  void expect_names(std::span<const TreeRecord> records);
  bool lacks_names() const;

  std::size_t max_directories_;
  DirectoryTree tree_;
  LinkedInodes links_;
  // Inodes that were not among links_ before they were told of, with how many names they have.
  std::unordered_map<std::uint64_t, std::uint64_t> new_links_;
  TreeTotals sums_;  // of all nodes
  Number root_ = DirectoryTree::kNone;
  std::size_t awaited_ = 0;  // named by others; what is in them was not told yet
  std::vector<Number> hot_;  // and some that are not hot any more
  bool is_whole_ = true;
};

}  // namespace volumeter
