// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/target_machine.h"

#include <catch2/catch.hpp>

#include "tests/support/tree_records.h"

namespace volumeter::target_machine_test {
namespace {

using namespace std::chrono_literals;
using Kind = ScanOrder::Kind;
using State = TargetState;

SizeTarget plain_target() {
  SizeTarget target;
  target.key = "db";
  target.place.path = "/v/db";
  target.mount_point = "/";
  return target;
}

SizeTarget whole_filesystem() {
  SizeTarget target = plain_target();
  target.own_filesystem = true;
  return target;
}

SpaceUsage space_of(std::uint64_t directories) {
  SpaceUsage space;
  space.apparent_bytes = space.inodes = directories;
  space.allocated_bytes = 2 * directories;
  return space;
}

// A machine and a clock that only a test moves; a test plays the scans. The volume has a root
// (directory 1) and a directory in it (2).
struct Bench {
  MeasuringOptions options;
  IndexPool pool;
  SizeTarget target;
  SteadyTime now{1h};
  TargetMachine machine{target, options, pool, 1};

  explicit Bench(SizeTarget what = plain_target()) : target(std::move(what)) {}

  State state() const { return machine.state(now); }
  TargetOrders turn(bool has_feed = true) { return machine.turn(now, has_feed); }

  TargetOrders report(ScanReport::Kind kind, Result<SpaceUsage> outcome = SpaceUsage{},
                      const DirectoryHandles& meanwhile = {}) {
    ScanReport report;
    report.kind = kind;
    report.entries = 1;
    report.outcome = std::move(outcome);
    return machine.report(std::move(report), now, meanwhile);
  }

  TargetOrders pause() { return report(ScanReport::Kind::kPaused); }
  TargetOrders done(Result<SpaceUsage> outcome, const DirectoryHandles& meanwhile = {}) {
    return report(ScanReport::Kind::kDone, std::move(outcome), meanwhile);
  }

  void find(std::vector<TreeRecord> records) {
    ScanReport report;
    report.kind = ScanReport::Kind::kRecords;
    report.records = std::move(records);
    machine.report(std::move(report), now, {});
  }

  TargetOrders finish_walk(const DirectoryHandles& meanwhile = {}) {
    find({test::directory(1, 0), test::directory(2, 1)});
    return done(space_of(2), meanwhile);
  }

  // Walked once, with an index.
  void follow() {
    REQUIRE(turn().scan);
    REQUIRE(finish_walk().result);
    REQUIRE(state() == State::kFollowing);
  }

  // With an order to read directory 2 again.
  void reread() {
    machine.note_change(test::handle_of(2));
    REQUIRE(turn().scan->kind == Kind::kLookAgain);
    REQUIRE(state() == State::kRereading);
  }
};

TEST_CASE("pending: a turn starts a scan that measures the target") {
  Bench bench;
  CHECK(bench.state() == State::kPending);
  CHECK(bench.machine.is_resting());
  const TargetOrders orders = bench.turn();
  REQUIRE(orders.scan);
  CHECK(orders.scan->kind == Kind::kMeasure);
  CHECK(orders.scan->place == bench.target.place);
  CHECK(orders.scan->want_records);
  CHECK(bench.state() == State::kWalking);
  CHECK_FALSE(bench.machine.is_resting());
}

TEST_CASE("pending: without a change feed no records are wanted") {
  Bench bench;
  CHECK_FALSE(bench.turn(false).scan->want_records);
}

TEST_CASE("walking: records change nothing, a pause waits for a grant") {
  Bench bench;
  bench.turn();
  bench.find({test::directory(1, 0)});
  CHECK(bench.state() == State::kWalking);
  bench.pause();
  CHECK(bench.state() == State::kPaused);
  CHECK(bench.turn().grant);
  CHECK(bench.state() == State::kWalking);
}

TEST_CASE("walking: done with a complete index, the target follows changes") {
  Bench bench;
  bench.turn();
  bench.now += 3s;
  const TargetOrders orders = bench.finish_walk();
  REQUIRE(orders.result);
  CHECK(orders.result->space == space_of(2));
  CHECK(orders.result->took.count() == 3);
  CHECK_FALSE(orders.result->is_update);
  CHECK(orders.result->entries == 1);
  CHECK(bench.state() == State::kFollowing);
}

TEST_CASE("walking: done without an index, the next measurement is a walk again") {
  Bench bench;
  bench.turn(false);
  CHECK(bench.done(space_of(2)).result);
  CHECK(bench.state() == State::kMeasured);
  CHECK(bench.turn(false).scan->kind == Kind::kMeasure);
}

TEST_CASE("walking: done with records that do not add up, the next measurement is a walk again") {
  Bench bench;
  bench.turn();
  bench.find({test::directory(1, 0)});
  CHECK(bench.done(space_of(5)).result);
  CHECK(bench.state() == State::kMeasured);
}

TEST_CASE("walking: a size from the filesystem's accounting needs no change feed") {
  Bench bench;
  bench.turn();
  SpaceUsage space = space_of(3);
  space.method = SizeMethod::kQuota;
  CHECK(bench.done(space).result);
  CHECK(bench.state() == State::kMeasured);
  CHECK_FALSE(bench.machine.wants_feed());
}

TEST_CASE("walking: a failed scan is tried again after a while, and its last index stays") {
  Bench bench;
  bench.follow();
  bench.now += 2h;
  bench.turn();
  const TargetOrders orders = bench.done(Error{ErrorKind::kPermission, "/v/db", "as told"});
  REQUIRE(orders.failure);
  CHECK(orders.failure->kind == ErrorKind::kPermission);
  CHECK(orders.retry_after == TargetMachine::kErrorRetry);
  CHECK(bench.state() == State::kRefused);
  CHECK(bench.pool.indexed() == 2);
  CHECK(bench.turn().scan);
}

TEST_CASE("walking: a filesystem of its own that is gone is unmounted, not empty") {
  Bench bench(whole_filesystem());
  bench.turn(false);
  CHECK(bench.done(Error{ErrorKind::kNotFound, "/v/db", "not mounted"}).failure);
  CHECK(bench.state() == State::kUnmounted);
  CHECK(bench.turn(false).scan);
  CHECK(bench.done(space_of(1)).result);
  CHECK(bench.state() == State::kMeasured);
}

TEST_CASE("walking, rereading: without a word for 30 s the target is stalled") {
  Bench bench;
  SECTION("walking") { bench.turn(); }
  SECTION("rereading") {
    bench.follow();
    bench.reread();
  }
  bench.now += 29s;
  CHECK_FALSE(bench.machine.check_silence(bench.now).drop);
  bench.now += 1s;
  const TargetOrders orders = bench.machine.check_silence(bench.now);
  CHECK(orders.drop);
  REQUIRE(orders.failure);
  CHECK(orders.failure->kind == ErrorKind::kTimeout);
  CHECK(bench.state() == State::kStalled);
  CHECK(bench.turn().scan->kind == Kind::kMeasure);
}

TEST_CASE("paused: a scan that waits for its grant is not stalled") {
  Bench bench;
  bench.turn();
  bench.pause();
  bench.now += 10min;
  CHECK_FALSE(bench.machine.check_silence(bench.now).drop);
  CHECK(bench.state() == State::kPaused);
}

TEST_CASE("stalled: each stall in a row waits twice as long, up to a limit") {
  Bench bench;
  const Error error{ErrorKind::kTimeout, "/v/db", "no answer"};
  for (const auto expected : {15s, 30s, 60s, 120s, 120s, 120s}) {
    bench.turn();
    CHECK(bench.machine.fail(error).retry_after == expected);
    CHECK(bench.state() == State::kStalled);
  }
  bench.turn();
  bench.finish_walk();
  bench.now += 2h;
  bench.turn();
  CHECK(bench.machine.fail(error).retry_after == 15s);
}

TEST_CASE("resting: on a filesystem that is known to hang no scan starts") {
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    const TargetOrders orders = bench.machine.find_hung();
    CHECK_FALSE(orders.scan);
    CHECK(orders.failure->kind == ErrorKind::kTimeout);
    CHECK(orders.retry_after == TargetMachine::kStalledRetry);
    CHECK(bench.state() == State::kStalled);
  }
}

TEST_CASE("a scan that the agent declined to start blames no filesystem") {
  Bench bench;
  bench.turn();
  const TargetOrders orders = bench.machine.fail({ErrorKind::kNotAsked, "/v/db", "too many"});
  CHECK(orders.failure->kind == ErrorKind::kNotAsked);
  CHECK(orders.retry_after == TargetMachine::kStalledRetry);
  CHECK(bench.state() == State::kNotAsked);
  CHECK(bench.turn().scan);
}

TEST_CASE("a scan whose process ended is refused") {
  Bench bench;
  bench.turn();
  CHECK(bench.machine.fail({ErrorKind::kIo, "/v/db", "the helper ended"}).failure);
  CHECK(bench.state() == State::kRefused);
}

TEST_CASE("following: nothing changed, so the size is as new as the turn and nothing is read") {
  Bench bench;
  bench.follow();
  const TargetOrders orders = bench.turn();
  CHECK_FALSE(orders.scan);
  REQUIRE(orders.result);
  CHECK(orders.result->is_update);
  CHECK(orders.result->space.allocated_bytes == 4);
  CHECK(orders.result->entries == 0);
  CHECK(bench.state() == State::kFollowing);
}

TEST_CASE("following: only directories that changed are read again") {
  Bench bench;
  bench.follow();
  bench.machine.note_change(test::handle_of(2));
  bench.machine.note_change(test::handle_of(99));  // of another target
  const TargetOrders orders = bench.turn();
  REQUIRE(orders.scan);
  CHECK(orders.scan->kind == Kind::kLookAgain);
  CHECK(orders.scan->directories == std::vector{test::handle_of(2)});
  CHECK(bench.state() == State::kRereading);
  bench.find({test::look(2, 10)});
  const TargetOrders after = bench.done(SpaceUsage{});
  REQUIRE(after.result);
  CHECK(after.result->is_update);
  CHECK(after.result->space.allocated_bytes == 22);
  CHECK(bench.state() == State::kFollowing);
}

TEST_CASE("following: when most of it changed a walk costs no more") {
  Bench bench;
  bench.turn();
  std::vector<TreeRecord> records{test::directory(1, 0)};
  for (std::uint64_t i = 2; i <= 100; ++i) records.push_back(test::directory(i, 1));
  bench.find(records);
  REQUIRE(bench.done(space_of(100)).result);
  for (std::uint64_t i = 1; i <= 80; ++i) bench.machine.note_change(test::handle_of(i));
  CHECK(bench.turn().scan->kind == Kind::kMeasure);
  CHECK(bench.state() == State::kWalking);
}

TEST_CASE("following: a lost feed means that the next measurement is a walk") {
  Bench bench;
  bench.follow();
  bench.machine.lose_feed();
  CHECK(bench.state() == State::kMeasured);
  CHECK(bench.turn().scan->kind == Kind::kMeasure);
}

TEST_CASE("following: after the full interval a walk verifies the size and gives its drift") {
  Bench bench;
  bench.follow();
  bench.now += bench.options.full_interval;
  CHECK(bench.state() == State::kVerificationDue);
  CHECK(bench.turn().scan->kind == Kind::kMeasure);
  bench.find({test::directory(1, 0), test::directory(2, 1, 4)});
  SpaceUsage space = space_of(2);
  space.apparent_bytes = 5;
  space.allocated_bytes = 10;
  const TargetOrders orders = bench.done(space);
  REQUIRE(orders.result);
  CHECK(orders.result->drift_bytes == -6);
  CHECK(bench.state() == State::kFollowing);
}

TEST_CASE("following: after writes of which no event told a walk verifies the size sooner") {
  Bench bench;
  bench.follow();
  bench.machine.note_writes();
  CHECK(bench.state() == State::kFollowing);  // too soon
  bench.now += bench.options.doubt_interval;
  CHECK(bench.state() == State::kVerificationDue);
  CHECK(bench.turn().scan->kind == Kind::kMeasure);
  bench.finish_walk();
  bench.now += bench.options.doubt_interval;
  CHECK(bench.state() == State::kFollowing);  // no writes since
}

TEST_CASE("following: a target that takes long to walk is not walked more often for its writes") {
  Bench bench;
  REQUIRE(bench.turn().scan);
  bench.now += 60s;
  REQUIRE(bench.finish_walk().result);
  bench.machine.note_writes();
  bench.now += 60s * (TargetMachine::kDoubtFactor - 2);
  CHECK(bench.state() == State::kFollowing);
  bench.now += 60s;
  CHECK(bench.state() == State::kVerificationDue);
}

TEST_CASE("following: writes during the walk that verifies leave a doubt") {
  Bench bench;
  bench.follow();
  bench.machine.note_writes();
  bench.now += bench.options.doubt_interval;
  REQUIRE(bench.turn().scan);
  bench.machine.note_writes();
  bench.finish_walk();
  bench.now += bench.options.doubt_interval;
  CHECK(bench.state() == State::kVerificationDue);
}

TEST_CASE("verification due: what changed is read first, then a walk follows") {
  Bench bench;
  bench.follow();
  bench.now += bench.options.full_interval;
  bench.reread();
  bench.find({test::look(2, 4)});
  CHECK_FALSE(bench.done(SpaceUsage{}).result);
  CHECK(bench.state() == State::kPaused);
  CHECK(bench.turn().scan->kind == Kind::kMeasure);
  CHECK(bench.state() == State::kWalking);
  CHECK(bench.done(space_of(2)).result->drift_bytes == 6);
}

TEST_CASE("rereading: a pause waits for a grant") {
  Bench bench;
  bench.follow();
  bench.reread();
  bench.pause();
  CHECK(bench.state() == State::kPaused);
  CHECK(bench.turn().grant);
  CHECK(bench.state() == State::kRereading);
}

TEST_CASE("rereading: a new subdirectory is walked by an order of its own") {
  Bench bench;
  bench.follow();
  bench.reread();
  bench.find({test::look(2), test::child(3, 2)});
  CHECK_FALSE(bench.done(SpaceUsage{}).result);
  CHECK(bench.state() == State::kPaused);
  CHECK(bench.machine.wants_changes());
  const TargetOrders orders = bench.turn();
  REQUIRE(orders.scan);
  CHECK(orders.scan->kind == Kind::kSubtrees);
  CHECK(orders.scan->directories == std::vector{test::handle_of(3)});
  CHECK(bench.state() == State::kRereading);
  bench.find({test::directory(3, 0, 50)});
  const TargetOrders after = bench.done(SpaceUsage{}, {test::handle_of(3)});
  REQUIRE(after.result);
  CHECK(after.result->space.allocated_bytes == 104);
  CHECK_FALSE(bench.machine.wants_changes());
  CHECK(bench.turn().scan->directories == std::vector{test::handle_of(3)});  // changed meanwhile
}

TEST_CASE("rereading: more directories than one order holds take several") {
  Bench bench;
  bench.turn();
  std::vector<TreeRecord> records{test::directory(1, 0)};
  for (std::uint64_t i = 2; i <= 4000; ++i) records.push_back(test::directory(i, 1));
  bench.find(records);
  REQUIRE(bench.done(space_of(4000)).result);
  for (std::uint64_t i = 2; i <= 2 + ScanOrder::kMaxDirectories; ++i) {
    bench.machine.note_change(test::handle_of(i));
  }
  CHECK(bench.turn().scan->directories.size() == ScanOrder::kMaxDirectories);
  CHECK_FALSE(bench.done(SpaceUsage{}).result);
  CHECK(bench.state() == State::kPaused);
  CHECK(bench.turn().scan->directories.size() == 1);
  CHECK(bench.done(SpaceUsage{}).result);
  CHECK(bench.state() == State::kFollowing);
}

TEST_CASE("rereading: if anything fails or could not be read a walk follows") {
  SpaceUsage with_errors;
  with_errors.errors = 1;
  const auto outcome = GENERATE_COPY(
      values<Result<SpaceUsage>>({with_errors, Error{ErrorKind::kIo, "/v/db", "as told"}}));
  Bench bench;
  bench.follow();
  bench.reread();
  const TargetOrders orders = bench.done(outcome);
  CHECK_FALSE(orders.failure);
  CHECK(bench.state() == State::kPaused);
  CHECK(bench.turn().scan->kind == Kind::kMeasure);
}

TEST_CASE("rereading: where handles cannot be opened every measurement is a walk from now on") {
  Bench bench;
  bench.follow();
  bench.reread();
  const TargetOrders orders = bench.done(Error{ErrorKind::kUnsupported, "/v/db", "as told"});
  CHECK(orders.refused_handles);
  CHECK(bench.state() == State::kPaused);
  CHECK_FALSE(bench.machine.wants_feed());
  CHECK(bench.turn(false).scan->kind == Kind::kMeasure);
}

TEST_CASE("rereading: a feed that is lost meanwhile means that a walk follows") {
  Bench bench;
  bench.follow();
  bench.reread();
  bench.machine.lose_feed();
  CHECK_FALSE(bench.done(SpaceUsage{}).result);
  CHECK(bench.state() == State::kPaused);
  CHECK(bench.turn().scan->kind == Kind::kMeasure);
}

TEST_CASE("paused: evicted before the first size, the target is pending again") {
  Bench bench;
  bench.turn();
  bench.pause();
  CHECK(bench.machine.evict().drop);
  CHECK(bench.state() == State::kPending);
}

TEST_CASE("paused: an evicted walk leaves the index, an evicted look does not") {
  Bench bench;
  bench.follow();
  SECTION("walk") {
    bench.now += bench.options.full_interval;
    bench.turn();
    bench.pause();
    CHECK(bench.machine.evict().drop);
    CHECK(bench.state() == State::kVerificationDue);
  }
  SECTION("look") {
    bench.reread();
    bench.pause();
    CHECK(bench.machine.evict().drop);
    CHECK(bench.state() == State::kMeasured);
  }
}

TEST_CASE("gone: a removed target drops its scan, gives back its index and takes no turn") {
  Bench bench;
  bench.follow();
  bench.reread();
  CHECK(bench.machine.remove().drop);
  CHECK(bench.state() == State::kGone);
  CHECK(bench.pool.indexed() == 0);
  CHECK_FALSE(bench.turn().scan);
  CHECK(to_string(bench.state()) == "gone");
}

TEST_CASE("changes are collected from the beginning of a walk with records to its end") {
  Bench bench;
  CHECK_FALSE(bench.machine.wants_changes());
  bench.turn();
  CHECK(bench.machine.wants_changes());
  bench.finish_walk({test::handle_of(2)});
  CHECK_FALSE(bench.machine.wants_changes());
  CHECK(bench.turn().scan->directories == std::vector{test::handle_of(2)});
}

TEST_CASE("a change feed is of no use to what has a filesystem of its own or lies in none") {
  CHECK(Bench().machine.wants_feed());
  CHECK_FALSE(Bench(whole_filesystem()).machine.wants_feed());
  SizeTarget in_container = plain_target();
  in_container.mount_point.clear();
  CHECK_FALSE(Bench(in_container).machine.wants_feed());
}

}  // namespace
}  // namespace volumeter::target_machine_test
