// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/changes/followed_tree.h"

#include <catch2/catch.hpp>

#include "tests/support/tree_records.h"

namespace volumeter::followed_tree_test {
namespace {

constexpr std::uint64_t kMost = IndexPool::kMaxDirectories * 3 / 4;
constexpr std::uint64_t kOther = 1 + IndexPool::kMaxDirectories;

// Of so many directories that test::directory() made.
SpaceUsage sums_of(std::uint64_t count) {
  SpaceUsage space;
  space.apparent_bytes = space.inodes = count;
  space.allocated_bytes = 2 * count;
  return space;
}

// A walk of a root with `count` directories in it, which are called by numbers from `first`.
void walk(FollowedTree& tree, std::uint64_t first, std::uint64_t count) {
  REQUIRE(tree.begin_walk());
  tree.add(test::directory(first, 0));
  for (std::uint64_t i = 1; i <= count; ++i) tree.add(test::directory(first + i, first));
  tree.end_walk(sums_of(count + 1), {});
}

TEST_CASE("all indexes together stay below the limit, and an index keeps its part when verified") {
  IndexPool pool;
  FollowedTree a(pool, 1);
  FollowedTree b(pool, 2);
  for (int i = 0; i < 2; ++i) {
    walk(a, 1, kMost);
    CHECK(a.totals());
    walk(b, kOther, kMost);
    CHECK_FALSE(b.totals());
    CHECK(pool.indexed() == kMost + 1);
  }
}

TEST_CASE("walks at the same time share the limit") {
  IndexPool pool;
  FollowedTree a(pool, 1);
  FollowedTree b(pool, 2);
  REQUIRE(a.begin_walk());
  REQUIRE(b.begin_walk());
  a.add(test::directory(1, 0));
  b.add(test::directory(kOther, 0));
  for (std::uint64_t i = 1; i <= kMost; ++i) {
    a.add(test::directory(1 + i, 1));
    b.add(test::directory(kOther + i, kOther));
  }
  a.end_walk(sums_of(kMost + 1), {});
  b.end_walk(sums_of(kMost + 1), {});
  CHECK(pool.indexed() == kMost + 1);  // those of one of them
}

TEST_CASE("a tree that ends gives its part of the limit back") {
  IndexPool pool;
  FollowedTree b(pool, 2);
  {
    FollowedTree a(pool, 1);
    walk(a, 1, kMost);
    CHECK(pool.indexed() == kMost + 1);
  }
  CHECK(pool.indexed() == 0);
  walk(b, kOther, kMost);
  CHECK(b.totals());
}

TEST_CASE("a walk that is dropped leaves the index before it and takes no part of the limit") {
  IndexPool pool;
  FollowedTree tree(pool, 1);
  walk(tree, 1, 10);
  REQUIRE(tree.begin_walk());
  for (std::uint64_t i = 1; i <= 2000; ++i) tree.add(test::directory(i, i - 1));
  tree.drop_walk();
  CHECK_FALSE(tree.is_building());
  CHECK(tree.totals()->inodes == 11);
  CHECK(pool.indexed() == 11);
}

TEST_CASE("an index that is known to be old is not compared with a walk") {
  IndexPool pool;
  FollowedTree tree(pool, 1);
  walk(tree, 1, 200);
  for (std::uint64_t i = 1; i <= 100; ++i) tree.note_change(test::handle_of(i));
  CHECK_FALSE(tree.take_changed());  // more than is worth a look at each
  REQUIRE(tree.begin_walk());
  CHECK_FALSE(tree.end_walk(sums_of(0), {}));
}

TEST_CASE("what changed during the walk is read next, what is not in the tree is not") {
  IndexPool pool;
  FollowedTree tree(pool, 1);
  REQUIRE(tree.begin_walk());
  tree.add(test::directory(1, 0));
  tree.end_walk(sums_of(1), {test::handle_of(1), test::handle_of(2)});
  tree.note_change(test::handle_of(3));
  const auto changed = tree.take_changed();
  REQUIRE(changed);
  CHECK(*changed == std::vector{test::handle_of(1)});
  CHECK(tree.take_changed()->empty());
}

TEST_CASE("a tree of more than 2^64 bytes has no totals until it is smaller again") {
  constexpr std::uint64_t kHuge = UINT64_MAX / 4 * 3;
  IndexPool pool;
  FollowedTree tree(pool, 1);
  walk(tree, 1, 2);
  REQUIRE(tree.totals());
  const auto grown = test::Records{test::look(1, 1), test::child(2, 1), test::child(3, 1)};
  tree.update(grown);
  TreeRecord huge = test::look(2, 1);
  huge.apparent_bytes = kHuge;
  tree.update(test::Records{huge});
  CHECK(tree.totals());
  huge.handle = test::handle_of(3);
  tree.update(test::Records{huge});
  CHECK_FALSE(tree.totals());
  tree.update(test::Records{test::look(3, 1)});
  REQUIRE(tree.totals());
  CHECK(tree.totals()->apparent_bytes == kHuge + 2);
}

}  // namespace
}  // namespace volumeter::followed_tree_test
