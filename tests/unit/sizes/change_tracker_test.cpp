// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/change_tracker.h"

#include <catch2/catch.hpp>
#include <memory>

#include "tests/support/captured_log.h"
#include "tests/support/fake_scans.h"
#include "tests/support/tree_records.h"

namespace volumeter {
namespace {

using test::FakeFeed;

SizeTarget target(const std::string& key) {
  SizeTarget target;
  target.key = key;
  target.place.path = "/v/" + key;
  target.mount_point = "/";
  return target;
}

// Of so many directories that test::directory() made.
SpaceUsage sums_of(std::uint64_t count) {
  SpaceUsage space;
  space.apparent_bytes = space.inodes = count;
  space.allocated_bytes = 2 * count;
  return space;
}

// A tracker of one filesystem that tells what changes, unless it cannot be asked.
struct Bench {
  HostAccess host;
  test::CapturedLog log;
  ChangeTracker tracker{host, log.log};
  std::shared_ptr<ChangeFeed::Changes> changes = std::make_shared<ChangeFeed::Changes>();
  std::optional<Error> refusal;

  Bench() {
    host.watch_changes = [this](const Place&,
                                std::stop_token) -> Result<std::unique_ptr<ChangeFeed>> {
      if (refusal) return *refusal;
      return std::unique_ptr<ChangeFeed>(std::make_unique<FakeFeed>(changes));
    };
  }

  // A walk of a root with `count` directories in it, which are called by numbers from `first`.
  void walk(const std::string& key, std::uint64_t first, std::uint64_t count) {
    REQUIRE(tracker.begin_walk(target(key), {}));
    tracker.add(key, test::directory(first, 0));
    for (std::uint64_t i = 1; i <= count; ++i) tracker.add(key, test::directory(first + i, first));
    tracker.end_walk(key, sums_of(count + 1));
  }
};

TEST_CASE("all indexes together hold no more than there is room for, and keep it in a proof") {
  Bench bench;
  const std::uint64_t most = ChangeTracker::kMaxDirectories * 3 / 4;
  for (int i = 0; i < 2; ++i) {
    bench.walk("a", 1, most);
    CHECK(bench.tracker.totals("a"));
    bench.walk("b", 1 + ChangeTracker::kMaxDirectories, most);
    CHECK_FALSE(bench.tracker.totals("b"));
    CHECK(bench.tracker.directories() == most + 1);
  }
}

TEST_CASE("walks at the same time share what room there is") {
  Bench bench;
  const std::uint64_t most = ChangeTracker::kMaxDirectories * 3 / 4;
  const std::uint64_t other = 1 + ChangeTracker::kMaxDirectories;
  for (const auto* key : {"a", "b"}) REQUIRE(bench.tracker.begin_walk(target(key), {}));
  bench.tracker.add("a", test::directory(1, 0));
  bench.tracker.add("b", test::directory(other, 0));
  for (std::uint64_t i = 1; i <= most; ++i) {
    bench.tracker.add("a", test::directory(1 + i, 1));
    bench.tracker.add("b", test::directory(other + i, other));
  }
  for (const auto* key : {"a", "b"}) bench.tracker.end_walk(key, sums_of(most + 1));
  CHECK(bench.tracker.directories() == most + 1);  // those of one of them
}

TEST_CASE("an index that is known to be old is not compared with a walk") {
  Bench bench;
  bench.walk("a", 1, 200);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    bench.changes->directories.push_back(test::handle_of(i));
  }
  CHECK_FALSE(bench.tracker.take_changed("a"));  // more than is worth a look at each
  REQUIRE(bench.tracker.begin_walk(target("a"), {}));
  CHECK_FALSE(bench.tracker.end_walk("a", sums_of(0)));
}

TEST_CASE("a filesystem that could not be asked for its changes is asked again") {
  Bench bench;
  bench.refusal = Error{ErrorKind::kTimeout, "/", "no answer within 2.0 s"};
  CHECK_FALSE(bench.tracker.begin_walk(target("a"), {}));
  bench.refusal.reset();
  CHECK(bench.tracker.begin_walk(target("a"), {}));
}

TEST_CASE("one that refuses is asked once") {
  Bench bench;
  bench.refusal = Error{ErrorKind::kPermission, "/", "as told"};
  CHECK_FALSE(bench.tracker.begin_walk(target("a"), {}));
  bench.refusal.reset();
  CHECK_FALSE(bench.tracker.begin_walk(target("a"), {}));
  CHECK(bench.log.count("does not tell what changes") == 1);
}

}  // namespace
}  // namespace volumeter
