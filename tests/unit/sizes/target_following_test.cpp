// SPDX-License-Identifier: Apache-2.0
// The states of a target whose changes are followed.
#include <catch2/catch.hpp>

#include "tests/support/target_bench.h"

namespace volumeter::target_following_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using Bench = TargetBench;
using Kind = ScanOrder::Kind;
using State = TargetState;

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

}  // namespace
}  // namespace volumeter::target_following_test
