// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/target_machine.h"

#include <catch2/catch.hpp>

#include "tests/support/target_bench.h"

namespace volumeter::target_machine_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using Bench = TargetBench;
using Kind = ScanOrder::Kind;
using State = TargetState;

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
