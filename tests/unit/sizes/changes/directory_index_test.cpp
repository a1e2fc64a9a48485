// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/changes/directory_index.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "tests/support/tree_records.h"

namespace volumeter::directory_index_test {
namespace {

using namespace test;
using Totals = DirectoryIndex::Totals;
using Unknown = std::vector<DirectoryIndex::Unknown>;

DirectoryIndex index_of(const Records& records) {
  DirectoryIndex index(1000);
  for (const TreeRecord& record : records) REQUIRE(index.add(record));
  REQUIRE(index.complete());
  return index;
}

// 1 with 2 (10 bytes) and 3 (100), 4 (1000) below 2, and 5 (10000) below 4.
const Records kTree{directory(1, 0), directory(2, 1, 10), directory(3, 1, 100),
                    directory(4, 2, 1000), directory(5, 4, 10000)};

TEST_CASE("the records of a walk may come in any order") {
  Records records = kTree;
  records.push_back(link_in(3, 7, 100000));
  records.push_back(link_in(5, 7, 100000));
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::shuffle(records.begin(), records.end(), random);
    const DirectoryIndex index = index_of(records);
    CHECK(index.totals() == Totals{111111, 222222, 6});
    CHECK(index.directories() == 5);
    for (std::uint64_t number = 1; number <= 5; ++number) CHECK(index.contains(handle_of(number)));
  }
}

TEST_CASE("an index is complete once the root and all parents were told") {
  DirectoryIndex index(1000);
  CHECK_FALSE(index.complete());
  CHECK(index.add(directory(3, 2)));
  CHECK_FALSE(index.contains(handle_of(2)));
  CHECK(index.directories() == 1);
  CHECK(index.add(directory(1, 0)));
  CHECK_FALSE(index.complete());
  CHECK(index.add(directory(2, 1)));
  CHECK(index.complete());
  CHECK(index.directories() == 3);
}

TEST_CASE("what does not fit together makes an index incomplete for good") {
  DirectoryIndex index = index_of(kTree);
  SECTION("a second root") { CHECK_FALSE(index.add(directory(9, 0))); }
  SECTION("a root that has a parent") { CHECK_FALSE(index.add(directory(4, 0))); }
  SECTION("a parent for the root") { CHECK_FALSE(index.add(directory(1, 5))); }
  SECTION("a directory that is its own ancestor") { CHECK_FALSE(index.add(directory(2, 5))); }
  SECTION("a directory in itself") { CHECK_FALSE(index.add(directory(3, 3))); }
  SECTION("a record that is not of a walk") { CHECK_FALSE(index.add(child(9, 1))); }
  SECTION("no handle") { CHECK_FALSE(index.add(TreeRecord())); }
  SECTION("a handle that is too long") {
    TreeRecord record = directory(9, 1);
    record.handle.size = 21;
    CHECK_FALSE(index.add(record));
  }
  CHECK_FALSE(index.complete());
  CHECK_FALSE(index.add(directory(10, 1)));
}

TEST_CASE("a walk that comes twice to a directory which was moved meanwhile counts it once") {
  Records records = kTree;
  records.push_back(directory(4, 3, 2000));
  DirectoryIndex index = index_of(records);
  CHECK(index.totals() == Totals{12111, 24222, 5});
  CHECK(index.update(Records{look(2, 10)}).empty());
  CHECK(index.contains(handle_of(5)));
}

TEST_CASE("a second look replaces the sums of a directory") {
  DirectoryIndex index = index_of(kTree);
  CHECK(index.update(Records{look(2, 7), child(4, 2)}).empty());
  CHECK(index.totals() == Totals{11108, 22216, 5});
}

TEST_CASE("a subdirectory that is not there any more goes with all below it") {
  DirectoryIndex index = index_of(kTree);
  CHECK(index.update(Records{look(1), child(3, 1)}).empty());
  CHECK(index.totals() == Totals{101, 202, 2});
  CHECK(index.directories() == 2);
  CHECK(index.complete());
}

TEST_CASE("a directory that is gone goes with all below it") {
  DirectoryIndex index = index_of(kTree);
  CHECK(index.update(Records{gone(4), gone(77)}).empty());
  CHECK(index.totals() == Totals{111, 222, 3});
}

TEST_CASE("an index whose root is gone is empty and not complete") {
  DirectoryIndex index = index_of(kTree);
  CHECK(index.update(Records{gone(1)}).empty());
  CHECK(index.totals() == Totals());
  CHECK(index.directories() == 0);
  CHECK_FALSE(index.complete());
}

TEST_CASE("records of directories that are not known cost themselves") {
  DirectoryIndex index = index_of(kTree);
  CHECK(index.update(Records{look(9, 5), child(8, 9), child(2, 9), link_in(9, 1, 1)}).empty());
  CHECK(index.update(Records{child(8, 2), child(5, 3), link_in(2, 1, 1)}).empty());  // no look
  CHECK(index.totals() == Totals{11111, 22222, 5});
  CHECK(index.update(Records{gone(4)}).empty());
  CHECK_FALSE(index.contains(handle_of(5)));  // stayed below 4
}

TEST_CASE("a new subdirectory is unknown until it was walked") {
  DirectoryIndex index = index_of(kTree);
  const Unknown unknown = index.update(Records{look(3, 100), child(6, 3)});
  REQUIRE(unknown.size() == 1);
  CHECK(unknown[0].directory == handle_of(6));
  CHECK(unknown[0].parent == handle_of(3));
  const Records walked{directory(7, 6, 300), link_in(7, 1, 1), look(6, 200)};
  SECTION("its parent is still there") {
    index.graft(unknown, walked);
    CHECK(index.totals() == Totals{11612, 23224, 8});
    CHECK(index.update(Records{gone(3)}).empty());
    CHECK(index.totals() == Totals{11011, 22022, 4});
  }
  SECTION("its parent went away") {
    CHECK(index.update(Records{gone(3)}).empty());
    index.graft(unknown, walked);
    CHECK(index.totals() == Totals{11011, 22022, 4});
    CHECK(index.directories() == 4);
  }
  SECTION("it went away") {
    index.graft(unknown, Records{gone(6)});
    CHECK(index.totals() == Totals{11111, 22222, 5});
  }
  SECTION("something between was not read") {
    index.graft(unknown, Records{directory(8, 7, 300), look(6, 200)});
    CHECK(index.totals() == Totals{11311, 22622, 6});
  }
  CHECK(index.complete());
}

// mkdir 3/9 && mv 2/4 3/9 && mv 2 3/9/4
TEST_CASE("a walk of a new tree finds what was moved there") {
  Records records = kTree;
  for (const std::uint64_t inode : {7U, 8U}) records.push_back(link_in(4, inode, 500));
  DirectoryIndex index = index_of(records);
  const Unknown unknown = index.update(Records{look(3, 100), child(9, 3)});
  index.graft(unknown, Records{directory(2, 4, 10), directory(5, 4, 20000), link_in(4, 7, 600),
                               directory(4, 9, 1000), look(9, 1)});
  CHECK(index.totals() == Totals{21712, 43424, 7});
  CHECK(index.update(Records{look(1), child(3, 1)}).empty());
  CHECK(index.totals() == Totals{21712, 43424, 7});
  CHECK(index.update(Records{gone(4)}).empty());
  CHECK(index.directories() == 3);
}

TEST_CASE("a directory that was moved stays known when both parents are looked at") {
  DirectoryIndex index = index_of(kTree);
  Records records;
  SECTION("the old one first") { records = {look(2, 10), look(3, 100), child(4, 3)}; }
  SECTION("the new one first") { records = {look(3, 100), child(4, 3), look(2, 10)}; }
  CHECK(index.update(records).empty());
  CHECK(index.totals() == Totals{11111, 22222, 5});
  CHECK(index.update(Records{gone(2)}).empty());
  CHECK(index.contains(handle_of(5)));
}

TEST_CASE("a directory that was moved stays known when its new parent is looked at earlier") {
  DirectoryIndex index = index_of(kTree);
  CHECK(index.update(Records{look(3, 100), child(4, 3)}).empty());
  CHECK(index.update(Records{look(2, 10)}).empty());
  CHECK(index.totals() == Totals{11111, 22222, 5});
}

TEST_CASE("a directory that was moved is unknown when its old parent is looked at earlier") {
  DirectoryIndex index = index_of(kTree);
  CHECK(index.update(Records{look(2, 10)}).empty());
  CHECK(index.totals() == Totals{111, 222, 3});
  CHECK(index.update(Records{look(3, 100), child(4, 3)}).size() == 1);
}

TEST_CASE("a directory that was found twice stays where it was found last") {
  DirectoryIndex index = index_of(kTree);
  CHECK(index.update(Records{look(1), child(2, 1), child(3, 1), child(5, 1), look(3), child(5, 3)})
            .empty());
  CHECK(index.update(Records{gone(3)}).empty());
  CHECK_FALSE(index.contains(handle_of(5)));
}

// mv 2/4 1 && mv 2 4
TEST_CASE("a directory may move below what was below it") {
  DirectoryIndex index = index_of(kTree);
  Records records{look(4, 1000), child(5, 4), child(2, 4), look(2, 10),
                  look(1),       child(3, 1), child(4, 1)};
  CHECK(index.update(records).empty());
  CHECK(index.totals() == Totals{11111, 22222, 5});
  CHECK(index.update(Records{gone(4)}).empty());
  CHECK_FALSE(index.contains(handle_of(2)));
}

TEST_CASE("a directory that seems to be its own ancestor is unknown until all was looked at") {
  DirectoryIndex index = index_of(kTree);
  CHECK(index.update(Records{look(4, 1000), child(5, 4), child(2, 4)}).empty());
  CHECK(index.totals() == Totals{101, 202, 2});
  CHECK(index.complete());
  const Unknown unknown = index.update(Records{look(1), child(3, 1), child(4, 1), look(2, 10)});
  REQUIRE(unknown.size() == 1);
  index.graft(unknown, Records{look(4, 1000), directory(5, 4, 10000), directory(2, 4, 10)});
  CHECK(index.totals() == Totals{11111, 22222, 5});
}

TEST_CASE("nothing can be above the root") {
  DirectoryIndex index = index_of(kTree);
  CHECK(index.update(Records{look(3, 100), child(1, 3)}).empty());
  index.graft(Unknown{{handle_of(1), handle_of(3)}, {handle_of(9), handle_of(9)}},
              Records{directory(1, 9, 1), look(9), directory(3, 3, 100)});
  CHECK(index.directories() <= 5);
  CHECK(index.complete());
}

TEST_CASE("a second name of a file that was counted as its directory's own spoils the totals") {
  DirectoryIndex index = index_of(kTree);
  TreeRecord second = link_in(3, 7, 500);
  second.names = 2;
  CHECK(index.update(Records{look(3, 100), second}).empty());
  CHECK_FALSE(index.complete());  // which directory has the first one?
  SECTION("until that of the first name is looked at as well") {
    TreeRecord first = link_in(4, 7, 500);
    first.names = 2;
    CHECK(index.update(Records{look(4, 1), first}).empty());
    CHECK(index.complete());
  }
  SECTION("or the second one is gone again") {
    CHECK(index.update(Records{look(3, 100)}).empty());
    CHECK(index.complete());
  }
}

TEST_CASE("an inode with several names counts once, as large as it was when last looked at") {
  Records records = kTree;
  for (const std::uint64_t number : {2U, 2U, 3U}) records.push_back(link_in(number, 7, 500));
  DirectoryIndex index = index_of(records);
  const Totals none{11111, 22222, 5};
  CHECK(index.totals() == Totals{11611, 23222, 6});
  SECTION("it grew") {
    CHECK(index.update(Records{look(3, 100), link_in(3, 7, 600)}).empty());
    CHECK(index.totals() == Totals{11711, 23422, 6});
  }
  SECTION("one directory has no name of it any more") {
    CHECK(index.update(Records{look(3, 100)}).empty());
    CHECK(index.totals() == Totals{11611, 23222, 6});
    CHECK(index.update(Records{look(2, 10), child(4, 2)}).empty());
    CHECK(index.totals() == none);
  }
  SECTION("one directory goes, with the last but one of its names") {
    CHECK(index.update(Records{gone(3), look(2, 510), child(4, 2)}).empty());
    CHECK(index.totals() == Totals{11511, 23022, 4});
  }
}

TEST_CASE("an index holds no more than it may") {
  DirectoryIndex index(5);
  for (const TreeRecord& record : kTree) REQUIRE(index.add(record));
  REQUIRE(index.complete());
  SECTION("directories of a walk") { CHECK_FALSE(index.add(directory(6, 1))); }
  SECTION("links of a walk") { CHECK_FALSE(index.add(link_in(1, 1, 1))); }
  SECTION("links of a second look") {
    CHECK(index.update(Records{look(5, 1), link_in(5, 1, 1)}).empty());
  }
  SECTION("directories of new trees") {
    const Unknown unknown = index.update(Records{look(5, 1), child(6, 5)});
    index.graft(unknown, Records{look(6), directory(7, 6), directory(8, 7)});
  }
  CHECK_FALSE(index.complete());
  CHECK(index.directories() <= 5);
}

TEST_CASE("the hot directories are those that were hot when last looked at") {
  Records records = kTree;
  records[1].is_hot = records[4].is_hot = true;
  DirectoryIndex index = index_of(records);
  CHECK(index.hot() == std::vector{handle_of(2), handle_of(5)});
  TreeRecord hot = look(3);
  hot.is_hot = true;
  CHECK(index.update(Records{look(2), child(4, 2), hot, hot}).empty());
  CHECK(index.hot() == std::vector{handle_of(5), handle_of(3)});
  CHECK(index.update(Records{gone(4), hot}).empty());
  CHECK(index.hot() == std::vector{handle_of(3)});
  CHECK(index.update(Records{look(3)}).empty());
  CHECK(index.hot().empty());
  CHECK(index.update(Records{hot}).empty());
  CHECK(index.hot() == std::vector{handle_of(3)});
}

TEST_CASE("directories that come and go leave nothing behind") {
  DirectoryIndex index = index_of({directory(1, 0)});
  std::size_t most = 0;
  for (std::uint64_t round = 0; round < 2000; ++round) {
    const std::uint64_t top = 10 + round * 100;
    const Unknown unknown = index.update(Records{look(1), child(top, 1)});
    Records walked{look(top)};
    for (std::uint64_t n = 1; n < 50; ++n) walked.push_back(directory(top + n, top + n / 2));
    for (TreeRecord& record : walked) record.is_hot = true;
    for (std::uint64_t n = 1; n < 50; ++n) walked.push_back(link_in(top + n, top + n, 1));
    index.graft(unknown, walked);
    REQUIRE(index.directories() == 51);
    if (round == 10) most = index.memory_bytes();
  }
  CHECK(index.memory_bytes() <= most);
  CHECK(index.update(Records{look(1)}).empty());
  CHECK(index.totals() == Totals{1, 2, 1});
  CHECK(index.hot().empty());
}

TEST_CASE("a tree may be a hundred thousand levels deep") {
  constexpr std::uint64_t kDepth = 100000;
  DirectoryIndex index(kDepth);
  const bool is_downwards = GENERATE(true, false);
  for (std::uint64_t n = 1; n <= kDepth; ++n) {
    const std::uint64_t number = is_downwards ? n : kDepth + 1 - n;
    REQUIRE(index.add(directory(number, number - 1)));
  }
  CHECK(index.complete());
  CHECK(index.memory_bytes() < kDepth * 90);
  CHECK(index.update(Records{look(1)}).empty());
  CHECK(index.directories() == 1);
}

}  // namespace
}  // namespace volumeter::directory_index_test
