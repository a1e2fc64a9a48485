// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "exporter/sources/sizes/target_machine.h"
#include "tests/support/tree_records.h"

namespace volumeter::test {

inline SizeTarget plain_target() {
  SizeTarget target;
  target.key = "db";
  target.place.path = "/v/db";
  target.mount_point = "/";
  return target;
}

inline SizeTarget whole_filesystem() {
  SizeTarget target = plain_target();
  target.own_filesystem = true;
  return target;
}

inline SpaceUsage space_of(std::uint64_t directories) {
  SpaceUsage space;
  space.apparent_bytes = space.inodes = directories;
  space.allocated_bytes = 2 * directories;
  return space;
}

// A machine and a clock that only a test moves; a test plays the scans. The volume has a root
// (directory 1) and a directory in it (2).
struct TargetBench {
  MeasuringOptions options;
  IndexPool pool;
  SizeTarget target;
  SteadyTime now{std::chrono::hours(1)};
  TargetMachine machine{target, options, pool, 1};

  explicit TargetBench(SizeTarget what = plain_target()) : target(std::move(what)) {}

  TargetState state() const { return machine.state(now); }
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
    REQUIRE(state() == TargetState::kFollowing);
  }

  // With an order to read directory 2 again.
  void reread() {
    machine.note_change(test::handle_of(2));
    REQUIRE(turn().scan->kind == ScanOrder::Kind::kLookAgain);
    REQUIRE(state() == TargetState::kRereading);
  }
};

}  // namespace volumeter::test
