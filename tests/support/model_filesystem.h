// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "exporter/sources/sizes/changes/tree_sums.h"
#include "tests/support/tree_records.h"

namespace volumeter::test {

// A little filesystem, with the records that a walker would give of it. Before each directory
// that is looked at, something else may happen.
class ModelFilesystem {
 public:
  explicit ModelFilesystem(unsigned seed) : random_(seed) { directories_[1]; }

  std::set<std::uint64_t> dirty;  // as fanotify would say
  bool is_busy = true;

  void change() {
    switch (below(12)) {
      case 0:
      case 1: make_directory(); break;
      case 2: remove_tree(); break;
      case 3:
      case 4: rename_directory(); break;
      case 5:
      case 6:
      case 7: create(); break;
      case 8: link(); break;
      case 9: unlink(); break;
      case 10: rename_file(); break;
      default: grow();
    }
  }

  Records walk() { return walk_trees({1}); }

  Records walk_trees(const std::vector<std::uint64_t>& beginnings) {
    Records records;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ahead;  // with the parent
    for (const std::uint64_t beginning : beginnings) ahead.emplace_back(beginning, 0);
    while (!ahead.empty()) {
      std::swap(ahead[below(ahead.size())], ahead.back());
      const auto [number, parent] = ahead.back();
      ahead.pop_back();
      meanwhile();
      const auto found = directories_.find(number);
      // It is opened by its name in its parent.
      if (found == directories_.end() || (parent != 0 && found->second.parent != parent)) continue;
      for (const std::uint64_t child : found->second.children) ahead.emplace_back(child, number);
      read(number, parent, records);
    }
    return records;
  }

  Records look_again(const std::vector<std::uint64_t>& numbers) {
    Records records;
    for (const std::uint64_t number : numbers) {
      meanwhile();
      const auto found = directories_.find(number);
      if (found == directories_.end()) {
        records.push_back(gone(number));
        continue;
      }
      for (const auto subdirectory : found->second.children) {
        records.push_back(child(subdirectory, number));
      }
      read(number, 0, records);
    }
    return records;
  }

  TreeSums count() const {
    TreeSums all;
    std::set<std::uint64_t> counted;
    for (const auto& [number, directory] : directories_) {
      all += {4096, 4096, 1};
      for (const std::uint64_t name : directory.names) {
        if (!counted.insert(name).second) continue;
        const File& file = files_.at(name);
        all += {file.bytes, file.bytes / 512 * 512, 1};
      }
    }
    return all;
  }

  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  const auto& directories() const { return directories_; }

 private:
  struct Directory {
    std::uint64_t parent = 0;
    std::set<std::uint64_t> children;
    std::vector<std::uint64_t> names;  // of inodes
  };
  struct File {
    std::uint64_t bytes = 0;
    std::size_t names = 1;
  };

  void meanwhile() {
    while (is_busy && below(4) == 0) change();
  }

  void read(std::uint64_t number, std::uint64_t parent, Records& records) {
    TreeRecord own = directory(number, parent, 4096);
    own.allocated_bytes = 4096;
    for (const std::uint64_t name : directories_[number].names) {
      const File& file = files_[name];
      const std::uint64_t allocated = file.bytes / 512 * 512;
      if (file.names > 1) {
        records.push_back(link_in(number, name, file.bytes));
        records.back().allocated_bytes = allocated;
      } else {
        own.apparent_bytes += file.bytes;
        own.allocated_bytes += allocated;
        own.inodes += 1;
      }
    }
    own.is_hot = below(3) == 0;
    records.push_back(own);
  }

  std::uint64_t any() {
    return std::next(directories_.begin(), long(below(directories_.size())))->first;
  }
  // A directory with a file, and which one. None: 0.
  std::pair<std::uint64_t, std::size_t> any_name() {
    const std::uint64_t number = any();
    const std::size_t names = directories_[number].names.size();
    return names == 0 ? std::pair<std::uint64_t, std::size_t>() : std::pair(number, below(names));
  }

  void make_directory() {
    const std::uint64_t parent = any();
    directories_[++last_].parent = parent;
    directories_[parent].children.insert(last_);
    dirty.insert(parent);
  }

  void remove_tree(std::uint64_t number) {
    while (!directories_[number].children.empty()) {
      remove_tree(*directories_[number].children.begin());
    }
    while (!directories_[number].names.empty()) unlink(number, 0);
    const std::uint64_t parent = directories_[number].parent;
    directories_[parent].children.erase(number);
    directories_.erase(number);
    dirty.insert(parent);
    if (below(2) == 0) dirty.erase(number);  // nothing happened in it before
  }
  void remove_tree() {
    const std::uint64_t number = any();
    if (number != 1 && directories_[number].children.size() < 3) remove_tree(number);
  }

  void rename_directory() {
    const std::uint64_t number = any();
    const std::uint64_t parent = any();
    for (std::uint64_t up = parent; up != 0; up = directories_[up].parent) {
      if (up == number) return;
    }
    const std::uint64_t old = std::exchange(directories_[number].parent, parent);
    directories_[old].children.erase(number);
    directories_[parent].children.insert(number);
    dirty.insert({old, parent});
  }

  void create() {
    const std::uint64_t parent = any();
    files_[++last_].bytes = below(100000);
    directories_[parent].names.push_back(last_);
    dirty.insert(parent);
  }

  // The kernel tells of one name's directory alone: the comment of DirectoryIndex says what
  // that costs.
  void tell_of_all_names(std::uint64_t name) {
    for (const auto& [number, directory] : directories_) {
      if (std::count(directory.names.begin(), directory.names.end(), name)) dirty.insert(number);
    }
  }

  void link() {
    const auto [from, at] = any_name();
    if (from == 0) return;
    const std::uint64_t name = directories_[from].names[at];
    directories_[any()].names.push_back(name);
    files_[name].names += 1;
    tell_of_all_names(name);
  }

  void unlink(std::uint64_t number, std::size_t at) {
    auto& names = directories_[number].names;
    const std::uint64_t name = std::exchange(names[at], names.back());
    names.pop_back();
    if (--files_[name].names == 0) files_.erase(name);
    dirty.insert(number);
  }
  void unlink() {
    if (const auto [number, at] = any_name(); number != 0) unlink(number, at);
  }

  void rename_file() {
    const auto [from, at] = any_name();
    if (from == 0) return;
    auto& names = directories_[from].names;
    const std::uint64_t name = std::exchange(names[at], names.back());
    names.pop_back();
    const std::uint64_t to = any();
    directories_[to].names.push_back(name);
    dirty.insert({from, to});
  }

  void grow() {
    const auto [number, at] = any_name();
    if (number == 0) return;
    const std::uint64_t name = directories_[number].names[at];
    files_[name].bytes += below(10000);
    tell_of_all_names(name);
  }

  std::mt19937 random_;
  std::map<std::uint64_t, Directory> directories_;
  std::map<std::uint64_t, File> files_;
  std::uint64_t last_ = 1;
};

}  // namespace volumeter::test
