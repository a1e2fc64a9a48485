// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/change_feeds.h"

#include <catch2/catch.hpp>
#include <memory>

#include "tests/support/captured_log.h"
#include "tests/support/fake_scans.h"
#include "tests/support/tree_records.h"

namespace volumeter::change_feeds_test {
namespace {

using test::FakeFeed;

SizeTarget target(const std::string& key, const std::string& mount_point = "/") {
  SizeTarget target;
  target.key = key;
  target.place.path = "/v/" + key;
  target.mount_point = mount_point;
  return target;
}

// The feeds of filesystems that report changes, unless they cannot be asked.
struct Bench {
  HostAccess host;
  test::CapturedLog log;
  IndexPool pool;
  ChangeFeeds feeds{host, log.log, pool};
  MeasuringOptions options;
  std::map<std::string, std::shared_ptr<ChangeFeed::Changes>> changes;  // by mount point
  std::optional<Error> refusal;
  const SizeTarget a = target("a");
  const SizeTarget b = target("b");
  const SizeTarget far = target("far", "/nfs");
  TargetMachine machine_a{a, options, pool, 1};
  TargetMachine machine_b{b, options, pool, 2};
  TargetMachine machine_far{far, options, pool, 3};

  Bench() {
    host.watch_changes = [this](const Place& place,
                                std::stop_token) -> Result<std::unique_ptr<ChangeFeed>> {
      if (refusal) return *refusal;
      auto& here = changes[place.path];
      if (!here) here = std::make_shared<ChangeFeed::Changes>();
      return std::unique_ptr<ChangeFeed>(std::make_unique<FakeFeed>(here));
    };
  }

  // A walk that finds one directory.
  void walk(TargetMachine& machine, std::uint64_t directory) {
    REQUIRE(feeds.watch(machine, {}));
    REQUIRE(machine.turn({}, true).scan->want_records);
    feeds.update(machine);
    ScanReport records;
    records.kind = ScanReport::Kind::kRecords;
    records.records = {test::directory(directory, 0)};
    machine.report(records, {}, {});
    ScanReport done;
    SpaceUsage space;
    space.apparent_bytes = space.inodes = 1;
    space.allocated_bytes = 2;
    done.outcome = space;
    machine.report(done, {}, feeds.meanwhile(machine));
    feeds.update(machine);
  }
};

TEST_CASE("a filesystem that could not be asked for its changes is asked again") {
  Bench bench;
  bench.refusal = Error{ErrorKind::kTimeout, "/", "no answer within 2.0 s"};
  CHECK_FALSE(bench.feeds.watch(bench.machine_a, {}));
  bench.refusal.reset();
  CHECK(bench.feeds.watch(bench.machine_a, {}));
}

TEST_CASE("a filesystem that refuses to report changes is asked once") {
  Bench bench;
  bench.refusal = Error{ErrorKind::kPermission, "/", "as told"};
  CHECK_FALSE(bench.feeds.watch(bench.machine_a, {}));
  bench.refusal.reset();
  CHECK_FALSE(bench.feeds.watch(bench.machine_a, {}));
  CHECK(bench.log.count("does not report changes") == 1);
}

TEST_CASE("a changed directory is passed to the target that holds it and to no other") {
  Bench bench;
  bench.walk(bench.machine_a, 1);
  bench.walk(bench.machine_b, 2);
  bench.changes["/"]->directories = {test::handle_of(2)};
  bench.feeds.drain_all();
  CHECK_FALSE(bench.machine_a.turn({}, true).scan);  // nothing changed: the size is published
  const auto orders = bench.machine_b.turn({}, true);
  REQUIRE(orders.scan);
  CHECK(orders.scan->directories == std::vector{test::handle_of(2)});
}

TEST_CASE("changes are collected only while a walk of that filesystem is in progress") {
  Bench bench;
  for (auto* machine : {&bench.machine_a, &bench.machine_b, &bench.machine_far}) {
    REQUIRE(bench.feeds.watch(*machine, {}));
  }
  bench.changes["/"]->directories = {test::handle_of(7)};
  bench.feeds.drain(bench.machine_a);
  CHECK(bench.feeds.meanwhile(bench.machine_a).empty());

  bench.machine_a.turn({}, true);
  bench.feeds.update(bench.machine_a);
  bench.changes["/"]->directories = {test::handle_of(8)};
  bench.changes["/nfs"]->directories = {test::handle_of(9)};
  bench.feeds.drain_all();
  CHECK(bench.feeds.meanwhile(bench.machine_a) == DirectoryHandles{test::handle_of(8)});
  CHECK(bench.feeds.meanwhile(bench.machine_far).empty());

  bench.machine_a.evict();
  bench.feeds.update(bench.machine_a);
  CHECK(bench.feeds.meanwhile(bench.machine_a).empty());
}

TEST_CASE("changes that were lost cost the indexes of that filesystem and of no other") {
  Bench bench;
  bench.walk(bench.machine_a, 1);
  bench.walk(bench.machine_far, 2);
  bench.changes["/"]->is_complete = false;
  bench.feeds.drain_all();
  CHECK(bench.machine_a.state({}) == TargetState::kMeasured);
  CHECK(bench.machine_far.state({}) == TargetState::kFollowing);
}

TEST_CASE("a feed is closed with the last target of its filesystem") {
  Bench bench;
  for (auto* machine : {&bench.machine_a, &bench.machine_b}) {
    REQUIRE(bench.feeds.watch(*machine, {}));
  }
  bench.feeds.remove(bench.machine_a);
  CHECK(bench.feeds.is_any_open());
  bench.feeds.remove(bench.machine_b);
  CHECK_FALSE(bench.feeds.is_any_open());
}

TEST_CASE("after many targets came and went, changes still find those that are there") {
  Bench bench;
  for (std::uint64_t i = 0; i < 3000; ++i) {  // more owners than is worth keeping
    TargetMachine passing(bench.a, bench.options, bench.pool, 100 + static_cast<unsigned>(i));
    bench.walk(passing, 1000 + i);
    bench.feeds.remove(passing);
  }
  bench.walk(bench.machine_a, 1);
  CHECK(bench.pool.owners().size() > 3000);
  bench.feeds.drain_all();
  CHECK(bench.pool.owners().size() == 1);
  bench.changes["/"]->directories = {test::handle_of(1)};
  bench.feeds.drain_all();
  CHECK(bench.machine_a.turn({}, true).scan);
}

}  // namespace
}  // namespace volumeter::change_feeds_test
