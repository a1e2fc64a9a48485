// SPDX-License-Identifier: Apache-2.0
// Sizes of volumes on a filesystem that reports changes.
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <vector>

#include "tests/support/sampler_bench.h"

namespace volumeter::size_sampler_changes_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using Bench = SamplerBench;

// A volume with a root and one directory in it, on a filesystem that reports changes.
struct WatchedBench : Bench {
  std::shared_ptr<ChangeFeed::Changes> changes = std::make_shared<ChangeFeed::Changes>();
  std::map<std::uint8_t, TreeRecord> directories;  // what a rescan of each finds

  WatchedBench() {
    host.access.watch_changes = [this](const Place&,
                                       std::stop_token) -> Result<std::unique_ptr<ChangeFeed>> {
      return std::unique_ptr<ChangeFeed>(std::make_unique<FakeFeed>(changes));
    };
    host.look = [this](const ScanOrder& order) {
      std::vector<TreeRecord> records;
      for (const DirectoryHandle& handle : order.directories) {
        TreeRecord record = directories.at(handle.bytes[0]);
        if (order.kind == ScanOrder::Kind::kLookAgain) record.parent = {};
        records.push_back(record);
        if (handle == named(1) && order.kind == ScanOrder::Kind::kLookAgain) {
          records.push_back(
              {.kind = TreeRecord::Kind::kChild, .handle = named(2), .parent = named(1)});
        }
      }
      return records;
    };
    put(1, {}, 100);
    put(2, named(1), 10);
    sampler.set_targets({target("a")});
    run_for(3s);
  }

  static DirectoryHandle named(std::uint8_t name) {
    return {.type = 1, .size = 8, .bytes = {name}};
  }

  void put(std::uint8_t name, DirectoryHandle parent, std::uint64_t bytes) {
    directories[name] = {
        .handle = named(name), .parent = parent, .allocated_bytes = bytes, .inodes = 1};
    FakeScans::Script& script = host["/v/a"];
    script.records.clear();
    std::uint64_t sum = 0;
    for (const auto& [each, record] : directories) {
      script.records.push_back(record);
      sum += record.allocated_bytes;
    }
    SpaceUsage space = allocated(sum);
    space.inodes = directories.size();
    script.outcome = space;
  }

  std::size_t walks() {
    std::size_t count = 0;
    for (const ScanOrder& order : host.orders()) count += order.kind == ScanOrder::Kind::kMeasure;
    return count;
  }
};

TEST_CASE("where nothing changed nothing is read, and the size is as fresh as ever") {
  WatchedBench bench;
  REQUIRE(bench.space("a")->allocated_bytes == 110);
  CHECK(bench.sampler.work().indexed_directories == 2);
  const auto before = bench.sampler.latest();
  bench.run_for(20min);
  CHECK(bench.host.orders().size() == 1);
  CHECK(bench.sampler.latest() != before);
  CHECK(bench.space("a")->allocated_bytes == 110);
}

TEST_CASE("only the directory that changed is read again") {
  WatchedBench bench;
  bench.put(2, WatchedBench::named(1), 50);
  bench.changes->directories = {WatchedBench::named(2), WatchedBench::named(99)};
  bench.run_for(6min);
  CHECK(bench.space("a")->allocated_bytes == 150);
  REQUIRE(bench.host.orders().size() == 2);
  CHECK(bench.host.orders()[1].kind == ScanOrder::Kind::kLookAgain);
  CHECK(bench.host.orders()[1].directories == std::vector{WatchedBench::named(2)});
}

TEST_CASE("a walk verifies the size from time to time and reports by how much it was off") {
  WatchedBench bench;
  bench.put(2, WatchedBench::named(1), 40);  // a change without an event
  bench.run_for(50min);
  CHECK(bench.space("a")->allocated_bytes == 110);
  CHECK_FALSE(bench.sampler.latest()->at("a").drift_bytes);
  bench.run_for(20min);
  CHECK(bench.space("a")->allocated_bytes == 140);
  CHECK(bench.sampler.latest()->at("a").drift_bytes == -30);
  bench.run_for(1h + 10min);
  CHECK(bench.sampler.latest()->at("a").drift_bytes == 0);
  CHECK(bench.walks() == 3);
}

TEST_CASE("a change without an event is found soon if the volume's containers wrote") {
  WatchedBench bench;
  bench.run_for(6min);
  bench.put(2, WatchedBench::named(1), 40);
  bench.sampler.note_writes({"a", "not measured"});
  bench.run_for(6min);
  CHECK(bench.space("a")->allocated_bytes == 140);
  CHECK(bench.walks() == 2);
  bench.run_for(20min);
  CHECK(bench.walks() == 2);
}

TEST_CASE("changes that the kernel dropped cost a walk") {
  WatchedBench bench;
  bench.put(2, WatchedBench::named(1), 60);
  bench.changes->is_complete = false;
  bench.run_for(6min);
  CHECK(bench.space("a")->allocated_bytes == 160);
  CHECK(bench.walks() == 2);
}

TEST_CASE("what changes during the walk is read again after it") {
  WatchedBench bench;
  bench.host.access.start_scan = [&, inner = bench.host.access.start_scan](const ScanOrder& order,
                                                                           std::stop_token stop) {
    if (order.kind == ScanOrder::Kind::kMeasure) {
      bench.changes->directories = {WatchedBench::named(2)};
    }
    auto scan = inner(order, stop);
    bench.put(2, WatchedBench::named(1), 70);  // after it was walked
    return scan;
  };
  bench.changes->is_complete = false;  // so that it is walked
  bench.run_for(6min);
  CHECK(bench.space("a")->allocated_bytes == 170);
  CHECK(bench.host.orders().back().kind == ScanOrder::Kind::kLookAgain);
}

TEST_CASE("what a look could not read is found by a walk") {
  WatchedBench bench;
  bench.host.access.start_scan = [&, inner = bench.host.access.start_scan](const ScanOrder& order,
                                                                           std::stop_token stop) {
    SpaceUsage space = *bench.host["/v/a"].outcome;
    space.errors = order.kind == ScanOrder::Kind::kLookAgain ? 1 : 0;
    bench.host["/v/a"].outcome = space;
    return inner(order, stop);
  };
  bench.put(2, WatchedBench::named(1), 50);
  bench.directories.at(2).allocated_bytes = 0;  // all that a look finds
  bench.changes->directories = {WatchedBench::named(2)};
  bench.run_for(6min);
  CHECK(bench.space("a")->allocated_bytes == 150);
  CHECK(bench.walks() == 2);
}

TEST_CASE("a look that has to give up its place is made good by a walk") {
  WatchedBench bench;
  std::vector<SizeTarget> targets{target("a")};
  for (int i = 0; i < 8; ++i) {  // they take the places of what is long
    const std::string key = "long" + std::to_string(i);
    bench.host["/v/" + key] = {
        .steps = 20, .cpu_of_step = 250ms, .outcome = allocated(1), .records = {}};
    targets.push_back(target(key));
  }
  bench.sampler.set_targets(targets);
  bench.run_for(2min);
  bench.put(2, WatchedBench::named(1), 50);
  bench.changes->directories = {WatchedBench::named(2)};
  bench.host.access.start_scan = [&, inner = bench.host.access.start_scan](const ScanOrder& order,
                                                                           std::stop_token stop) {
    if (order.place.path == "/v/a") {
      const bool is_look = order.kind == ScanOrder::Kind::kLookAgain;
      bench.host["/v/a"].steps = is_look ? 100 : 1;
      bench.host["/v/a"].cpu_of_step = is_look ? 250ms : 1ms;
    }
    return inner(order, stop);
  };
  bench.run_for(50min);
  CHECK(bench.space("a")->allocated_bytes == 150);
}

TEST_CASE("a tree that a walk met twice in places is walked each time") {
  WatchedBench bench;
  bench.host["/v/a"].outcome = allocated(500);  // more than all its records
  bench.changes->is_complete = false;
  bench.run_for(20min);
  CHECK(bench.space("a")->allocated_bytes == 500);
  CHECK(bench.sampler.work().indexed_directories == 0);
  CHECK(bench.walks() > 2);
}

TEST_CASE("where handles cannot be opened every measurement is a walk") {
  WatchedBench bench;
  const auto walked = bench.host["/v/a"].outcome;
  bench.host.access.start_scan = [&, inner = bench.host.access.start_scan](const ScanOrder& order,
                                                                           std::stop_token stop) {
    bench.host["/v/a"].outcome = order.kind == ScanOrder::Kind::kMeasure
                                     ? walked
                                     : Error{ErrorKind::kUnsupported, "/v/a", "as told"};
    return inner(order, stop);
  };
  bench.changes->directories = {WatchedBench::named(2)};
  bench.run_for(6min);
  CHECK(bench.space("a")->allocated_bytes == 110);
  CHECK(bench.sampler.work().indexed_directories == 0);
  CHECK_FALSE(bench.error("a"));
}

}  // namespace
}  // namespace volumeter::size_sampler_changes_test
