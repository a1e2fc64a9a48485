// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <catch2/catch.hpp>
#include <vector>

#include "exporter/sources/sizes/changes/fanotify_feed.h"
#include "tests/support/eventually.h"
#include "tests/support/hung_fuse.h"
#include "tests/support/prober_bench.h"
#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::prober_scans_test {
namespace {

using namespace std::chrono_literals;
using namespace test;

TEST_CASE("a scan that hangs and is dropped costs one process") {
  if (!test::require_fuse_or_skip()) return;
  ProberBench bench(kShort);
  const TempFolder folder;
  HungFuse fuse(folder.path(), 12);
  CHECK(measure(bench.prober, folder.path())->inodes == 13U);
  fuse.hang();
  CHECK(measure(bench.prober, folder.path(), 100ms).error().kind == ErrorKind::kTimeout);
  CHECK(bench.prober.unanswered() == 1);
  CHECK(measure(bench.prober, folder.path()).error().kind == ErrorKind::kTimeout);
  CHECK(bench.workers().size() == 1);
  fuse.release();
  CHECK(eventually([&] { return measure(bench.prober, folder.path()).has_value(); }));
}

TEST_CASE("a scan does nothing before its first grant and pauses when that is used up") {
  const TempFolder folder;
  for (int i = 0; i < 3000; ++i)
    folder.write("d" + std::to_string(i % 10) + "/" + std::to_string(i), "");
  ProberBench bench;
  const auto scan = bench.prober.start_scan(order_of(folder.path()), {});
  REQUIRE(scan);
  CHECK(next_report(**scan, 50ms).error().kind == ErrorKind::kTimeout);
  int pauses = 0;
  std::uint64_t entries = 0;
  while (true) {
    (*scan)->grant({.cpu = 1ns, .wall = 1h});
    const auto report = next_report(**scan);
    REQUIRE(report);
    entries += report->entries;
    CHECK(report->cpu > 0ns);
    if (report->kind == ScanReport::Kind::kDone) {
      CHECK(report->outcome->inodes == 3011U);
      break;
    }
    REQUIRE(report->kind == ScanReport::Kind::kPaused);
    ++pauses;
    CHECK(next_report(**scan, 0ms).error().kind == ErrorKind::kTimeout);
  }
  CHECK(pauses > 5);
  CHECK(entries >= 3010);
}

TEST_CASE("a scan that is dropped while it is paused leaves nothing behind") {
  const TempFolder folder;
  for (int i = 0; i < 300; ++i) folder.write("d" + std::to_string(i) + "/f", "");
  ProberBench bench;
  for (int i = 0; i < 3; ++i) {
    const auto scan = bench.prober.start_scan(order_of(folder.path()), {});
    REQUIRE(scan);
    (*scan)->grant({.cpu = 1ns, .wall = 1h});
    REQUIRE(next_report(**scan)->kind == ScanReport::Kind::kPaused);
  }
  CHECK(bench.prober.unanswered() == 0);
  CHECK(measure(bench.prober, folder.path())->inodes == 601U);
  CHECK(eventually([&] { return bench.workers().size() == 1; }));
}

TEST_CASE("several scans are in progress at the same time, each in a process of its own") {
  const TempFolder folder;
  folder.write("a/b", "x");
  ProberBench bench;
  const auto first = bench.prober.start_scan(order_of(folder.path()), {});
  const auto second = bench.prober.start_scan(order_of(folder / "a"), {});
  REQUIRE((first && second));
  (*second)->grant(kFree);
  CHECK(next_report(**second)->outcome->inodes == 2U);
  (*first)->grant(kFree);
  CHECK(next_report(**first)->outcome->inodes == 3U);
}

TEST_CASE("the records of a walk come before its end") {
  const TempFolder folder;
  for (int i = 0; i < 600; ++i) folder.write("d" + std::to_string(i) + "/f", "x");
  ProberBench bench;
  ScanOrder order = order_of(folder.path());
  order.want_records = true;
  const auto scan = bench.prober.start_scan(order, {});
  REQUIRE(scan);
  (*scan)->grant(kFree);
  std::vector<TreeRecord> records;
  while (true) {
    auto report = next_report(**scan);
    REQUIRE(report);
    records.insert(records.end(), report->records.begin(), report->records.end());
    if (report->kind == ScanReport::Kind::kDone) break;
  }
  CHECK(records.size() == 601);

  order.kind = ScanOrder::Kind::kLookAgain;
  order.directories = {records.back().handle};
  const auto again = bench.prober.start_scan(order, {});
  REQUIRE(again);
  (*again)->grant(kFree);
  const auto report = next_report(**again);
  REQUIRE(report);
  if (report->outcome || ::geteuid() == 0) {
    CHECK(report->kind == ScanReport::Kind::kRecords);
    CHECK(report->records.front().handle == records.back().handle);
  } else {
    CHECK(report->outcome.error().kind == ErrorKind::kPermission);
  }
}

TEST_CASE("a feed of changes is opened by a worker") {
  const TempFolder folder;
  ProberBench bench;
  auto feed = bench.prober.watch(at(folder.path()), {});
  if (!feed) {
    CHECK((feed.error().kind == ErrorKind::kPermission ||
           feed.error().kind == ErrorKind::kUnsupported));
    return;
  }
  const auto changes = make_change_feed(std::move(feed).value());
  folder.write("file", "x");
  CHECK(eventually([&] { return !changes->drain().directories.empty(); }));
}

TEST_CASE("a scan that hangs in one directory refuses no other directory of the mount") {
  if (!test::require_fuse_or_skip()) return;
  const TempFolder folder;
  folder.write("b/file", "x");
  HungFuse fuse(folder.make_folder("a"), 3);
  fuse.hang();
  ProberBench bench(kShort);
  ScanOrder order = order_of(folder / "a");
  order.place.mount_id = 7;
  {
    const auto scan = bench.prober.start_scan(order, {});
    REQUIRE(scan);
    (*scan)->grant(kFree);
    CHECK(next_report(**scan, 100ms).error().kind == ErrorKind::kTimeout);
  }
  CHECK(bench.prober.start_scan(order, {}).error().kind == ErrorKind::kTimeout);
  order.place.path = folder / "b";
  CHECK(bench.prober.start_scan(order, {}));
  CHECK(capacity(bench.prober, at(folder / "b", 7)));
}

}  // namespace
}  // namespace volumeter::prober_scans_test
