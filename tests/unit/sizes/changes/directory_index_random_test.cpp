// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "exporter/sources/sizes/changes/directory_index.h"
#include "tests/support/model_filesystem.h"
#include "tests/support/tree_records.h"

namespace volumeter::directory_index_random_test {
namespace {

using namespace test;
using Unknown = std::vector<DirectoryIndex::Unknown>;

// Looks at some of what changed, as the agent would, and walks what is new.
void follow(ModelFilesystem& files, DirectoryIndex& index) {
  std::vector<std::uint64_t> some;
  for (const std::uint64_t number : files.dirty) {
    if (!files.is_busy || files.below(3) > 0) some.push_back(number);
  }
  for (const std::uint64_t number : some) files.dirty.erase(number);
  const Unknown unknown = index.update(files.look_again(some));
  std::vector<std::uint64_t> beginnings;
  for (const auto& one : unknown) beginnings.push_back(number_of(one.directory));
  index.graft(unknown, files.walk_trees(beginnings));
}

DirectoryIndex index_of(const Records& records, std::size_t limit) {
  DirectoryIndex index(limit);
  for (const TreeRecord& record : records) {
    if (!index.add(record)) break;
  }
  return index;
}

TEST_CASE("an index that followed every change says what a new one would") {
  const unsigned seed = GENERATE(range(1U, 13U));
  const bool is_busy = seed % 3 > 0;  // else nothing happens while it is looked at
  ModelFilesystem files(seed);
  for (int i = 0; i < 200; ++i) files.change();
  files.dirty.clear();
  files.is_busy = is_busy;
  DirectoryIndex index = index_of(files.walk(), 100000);
  // What moves while it is walked may be found in itself.
  while (!index.complete()) index = index_of(files.walk(), 100000);
  for (int round = 0; round < 1500; ++round) {
    for (std::size_t i = files.below(12); i > 0; --i) files.change();
    follow(files, index);
    if (is_busy && round % 10 < 9) continue;
    files.is_busy = false;
    while (!files.dirty.empty()) follow(files, index);
    files.is_busy = is_busy;
    INFO("seed " << seed << ", round " << round);
    REQUIRE(index.totals() == files.count());
    REQUIRE(index.directories() == files.directories().size());
  }
  files.is_busy = false;
  const DirectoryIndex afresh = index_of(files.walk(), 100000);
  CHECK(afresh.complete());
  CHECK(index.complete());
  CHECK(index.totals() == afresh.totals());
  for (const auto& [number, directory] : files.directories()) {
    CHECK(index.contains(handle_of(number)));
  }
}

TEST_CASE("hostile records cannot break an index") {
  std::mt19937 random(GENERATE(range(1U, 9U)));
  const auto any = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  DirectoryIndex index(60);
  for (int round = 0; round < 3000; ++round) {
    Records records;
    for (unsigned i = any(20); i > 0; --i) {
      records.push_back({.kind = static_cast<TreeRecord::Kind>(any(5)),
                         .is_hot = any(2) == 0,
                         .handle = any(30) == 0 ? DirectoryHandle() : handle_of(any(40)),
                         .parent = any(10) == 0 ? DirectoryHandle() : handle_of(any(40)),
                         .inode = any(10),
                         .apparent_bytes = std::uint64_t{random()} << 32,
                         .allocated_bytes = ~std::uint64_t{0},
                         .inodes = random()});
    }
    if (round % 100 == 0) index = index_of(records, 60);
    for (const TreeRecord& record : records) {
      if (round % 3 == 0) index.add(record);
    }
    const Unknown unknown = index.update(records);
    std::shuffle(records.begin(), records.end(), random);
    index.graft(unknown, records);
    REQUIRE(index.directories() <= 60);
    REQUIRE(index.hot().size() <= index.directories());
  }
  Records all;
  for (std::uint64_t number = 0; number < 40; ++number) all.push_back(gone(number));
  CHECK(index.update(all).empty());
  CHECK(index.directories() == 0);
  CHECK(index.totals() == TreeSums());
}

}  // namespace
}  // namespace volumeter::directory_index_random_test
