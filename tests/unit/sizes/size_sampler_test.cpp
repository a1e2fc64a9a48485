// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/size_sampler.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "tests/support/captured_log.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_scans.h"

namespace volumeter::size_sampler_test {
namespace {

using namespace std::chrono_literals;
using test::CapturedLog;
using test::eventually;
using test::FakeFeed;
using test::FakeScans;

SizeTarget target(const std::string& key, const std::string& mount_point = "/") {
  SizeTarget target;
  target.key = key;
  target.place.path = "/v/" + key;
  target.mount_point = mount_point;
  return target;
}

bool never_hung(const std::string&) { return false; }

SpaceUsage allocated(std::uint64_t bytes) {
  SpaceUsage space;
  space.allocated_bytes = bytes;
  return space;
}

constexpr SizeSamplerOptions kNoLimit{.schedule = {.cpu_share = 0}};
constexpr SizeSamplerOptions kBlind{.schedule = {}, .watch_changes = false};

// A sampler that works only when it is told to.
struct Bench {
  FakeScans host;
  CapturedLog log;
  SizeSampler sampler;

  explicit Bench(SizeSamplerOptions options = {}, SizeSampler::IsHung is_hung = never_hung)
      : sampler(host.access, log.log, options, std::move(is_hung)) {}

  // Steps until nothing is left to do before `time` has passed.
  void run_for(std::chrono::nanoseconds time) {
    const SteadyTime end = host.access.steady_now() + time;
    while (host.access.steady_now() < end) {
      const auto pause = sampler.step({});
      const std::chrono::nanoseconds left = end - host.access.steady_now();
      if (!host.has_spoken())
        host.pass(std::max<std::chrono::nanoseconds>(1us, std::min(pause, left)));
    }
  }

  std::optional<SpaceUsage> space(const std::string& key) const {
    const auto latest = sampler.latest();
    const auto found = latest->find(key);
    return found == latest->end() ? std::nullopt : found->second.space.value;
  }

  std::optional<ErrorKind> error(const std::string& key) const {
    const auto latest = sampler.latest();
    const auto found = latest->find(key);
    if (found == latest->end() || !found->second.space.error) return {};
    return found->second.space.error->kind;
  }
};

TEST_CASE("every volume has its size, and one that is gone has none") {
  Bench bench(kNoLimit);
  CHECK(bench.sampler.latest()->empty());
  bench.sampler.set_targets({target("a"), target("bb")});
  bench.sampler.sample_once({});
  const auto latest = bench.sampler.latest();
  REQUIRE(latest->size() == 2);
  CHECK(latest->at("bb").space.value->allocated_bytes == 5);
  CHECK(unix_seconds(latest->at("bb").space.taken_at) == 1000);
  CHECK(bench.sampler.latest() == latest);  // nothing changed, nothing copied
  CHECK(bench.sampler.health().up);
  CHECK(bench.sampler.health().name == "sizes");

  bench.sampler.set_targets({target("bb")});
  bench.sampler.step({});
  CHECK(bench.sampler.latest()->size() == 1);
}

TEST_CASE("what a measurement cost is told") {
  Bench bench;
  bench.host["/v/a"] = {.steps = 5, .cpu_of_step = 20ms, .outcome = allocated(7), .records = {}};
  bench.sampler.set_targets({target("a")});
  bench.run_for(10s);
  const SizeReading reading = bench.sampler.latest()->at("a");
  CHECK(reading.entries == 5);
  CHECK(reading.space.took.count() >= 0.1);
  const SizeWork work = bench.sampler.work();
  CHECK(work.cpu_seconds == Approx(0.1));
  CHECK(work.entries == 5);
  CHECK(work.budget_cpu_share == 0.05);
}

TEST_CASE("a new volume is measured while a large one is being walked") {
  Bench bench;
  bench.host["/v/large"] = {
      .steps = 100'000, .cpu_of_step = 20ms, .outcome = allocated(1), .records = {}};
  bench.sampler.set_targets({target("large")});
  bench.run_for(1min);
  bench.sampler.set_targets({target("large"), target("new")});
  bench.run_for(2s);
  CHECK(bench.space("new"));
  CHECK_FALSE(bench.space("large"));
  CHECK(bench.sampler.work().in_progress == 1);
}

TEST_CASE("a failed measurement keeps the last size, and it is said once") {
  Bench bench;
  bench.sampler.set_targets({target("a"), target("b")});
  bench.run_for(5s);
  const Error error{ErrorKind::kPermission, "/v/a", "as told"};
  bench.host["/v/a"].outcome = error;
  bench.run_for(3min);
  CHECK(bench.space("a")->allocated_bytes == 4);
  CHECK(bench.error("a") == ErrorKind::kPermission);
  CHECK(bench.log.count("cannot be read and has no size") == 1);
  CHECK(bench.sampler.health().up);
  CHECK(bench.sampler.health().bad_items == 1);

  bench.host["/v/b"].outcome = error;
  bench.run_for(6min);
  CHECK_FALSE(bench.sampler.health().up);

  bench.host["/v/a"].outcome = allocated(1);
  bench.host["/v/b"].outcome = allocated(1);
  bench.run_for(2min);
  CHECK(bench.sampler.health().up);
  CHECK(bench.sampler.health().bad_items == 0);
  CHECK(bench.log.count("info subject=size volume=a msg=\"measured again\"") == 1);
}

TEST_CASE("nothing is scanned on a filesystem that hangs") {
  bool hung = true;
  Bench bench({}, [&](const std::string& point) { return hung && point == "/nfs"; });
  bench.sampler.set_targets({target("far", "/nfs"), target("near")});
  bench.run_for(1min);
  CHECK(bench.space("near"));
  CHECK(bench.error("far") == ErrorKind::kTimeout);
  CHECK(bench.host.scans("/v/far") == 0);
  hung = false;
  bench.run_for(20s);  // it need not wait for the whole interval
  CHECK(bench.space("far"));
}

TEST_CASE("a scan that gets stuck is given up and holds up nobody") {
  Bench bench;
  bench.host["/v/far"].is_silent = true;
  bench.sampler.set_targets({target("far", "/nfs")});
  bench.run_for(100ms);
  bench.sampler.set_targets({target("far", "/nfs"), target("near")});
  bench.run_for(3s);
  CHECK(bench.space("near"));
  CHECK_FALSE(bench.error("far"));
  CHECK(bench.host.alive() == 1);
  bench.run_for(30s);
  CHECK(bench.error("far") == ErrorKind::kTimeout);
  CHECK(bench.log.count("no answer from the volume's files") == 1);
  bench.sampler.set_targets({target("far", "/nfs"), target("near"), target("new")});
  bench.run_for(2s);
  CHECK(bench.space("new"));
}

TEST_CASE("a scan that is stuck is given up in time though there is nothing else to do") {
  Bench bench({.schedule = {}, .watch_changes = false});
  bench.host["/v/far"].is_silent = true;
  bench.sampler.set_targets({target("far", "/nfs")});
  bench.run_for(40s);
  CHECK(bench.error("far") == ErrorKind::kTimeout);
}

TEST_CASE("a volume whose scan got stuck holds up no volume beside it on the same disk") {
  Bench bench;
  bench.host["/v/first"].is_silent = true;
  bench.sampler.set_targets({target("first", "/disk")});
  bench.run_for(40s);
  REQUIRE(bench.error("first") == ErrorKind::kTimeout);
  bench.sampler.set_targets({target("first", "/disk"), target("second", "/disk")});
  bench.run_for(3s);
  CHECK(bench.space("second"));
  CHECK_FALSE(bench.error("second"));
  bench.host["/v/first"].is_silent = false;
  bench.run_for(1min);
  CHECK(bench.space("first"));
}

TEST_CASE("any number of volumes that get stuck hold up the others for seconds") {
  Bench bench;
  std::vector<SizeTarget> targets{target("z")};
  for (int i = 0; i < 34; ++i) {
    targets.push_back(target("a" + std::to_string(i), "/disk"));
    bench.host["/v/a" + std::to_string(i)].is_silent = true;
  }
  bench.sampler.set_targets(targets);
  bench.run_for(40s);
  CHECK(bench.space("z"));
  bench.sampler.set_targets({targets.begin(), targets.end()});
  targets.push_back(target("new"));
  bench.sampler.set_targets(targets);
  bench.run_for(10s);
  CHECK(bench.space("new"));
}

TEST_CASE("a scan that the agent declined to start blames nothing and is logged once a cause") {
  Bench bench;
  bench.host.access.start_scan = [](const ScanOrder& order,
                                    std::stop_token) -> Result<std::unique_ptr<TreeScan>> {
    return Error{ErrorKind::kNotAsked, order.place.path, "too many scans have no answer"};
  };
  bench.sampler.set_targets({target("a"), target("b"), target("c")});
  bench.run_for(10s);
  CHECK(bench.error("a") == ErrorKind::kNotAsked);
  CHECK(bench.log.count("not measured for now") == 1);
  CHECK(bench.sampler.health().up);
  CHECK(bench.sampler.health().bad_items == 0);
}

TEST_CASE("a volume that moved is a new one") {
  Bench bench(kNoLimit);
  bench.sampler.set_targets({target("a")});
  bench.sampler.sample_once({});
  SizeTarget moved = target("a");
  moved.place.path = "/elsewhere/a";
  bench.sampler.set_targets({moved});
  bench.sampler.sample_once({});
  CHECK(bench.space("a")->allocated_bytes == 12);
}

TEST_CASE("a volume removed during its scan stays removed") {
  Bench bench;
  bench.host["/v/a"] = {.steps = 1000, .cpu_of_step = 20ms, .outcome = allocated(1), .records = {}};
  bench.sampler.set_targets({target("a")});
  bench.run_for(1s);
  CHECK(bench.host.alive() == 1);
  bench.sampler.set_targets({});
  bench.run_for(1s);
  CHECK(bench.host.alive() == 0);
  CHECK(bench.sampler.latest()->empty());
}

TEST_CASE("a stop during a scan ends the sampler and blames no volume") {
  FakeScans host;
  CapturedLog log;
  host["/v/a"].is_silent = true;
  {
    SizeSampler sampler(host.access, log.log, kBlind, never_hung);
    sampler.set_targets({target("a")});
    sampler.start();
    REQUIRE(eventually([&] { return host.alive() == 1; }));
  }
  CHECK(host.alive() == 0);
  CHECK(log.text().empty());
}

TEST_CASE("thousands of volumes are scanned once each and shown together") {
  FakeScans host;
  CapturedLog log;
  SizeSampler sampler(host.access, log.log, kNoLimit, never_hung);
  std::vector<SizeTarget> targets;
  for (int i = 0; i < 3000; ++i) targets.push_back(target(std::to_string(i)));
  sampler.set_targets(targets);
  sampler.start();
  CHECK(eventually([&] { return sampler.latest()->size() == 3000; }));
  CHECK(host.orders().size() == 3000);
}

// A volume with a root and one directory in it, on a filesystem that tells what changes.
struct WatchedBench : Bench {
  std::shared_ptr<ChangeFeed::Changes> changes = std::make_shared<ChangeFeed::Changes>();
  std::map<std::uint8_t, TreeRecord> directories;  // what a look at each finds

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

TEST_CASE("only the directory that changed is looked at again") {
  WatchedBench bench;
  bench.put(2, WatchedBench::named(1), 50);
  bench.changes->directories = {WatchedBench::named(2), WatchedBench::named(99)};
  bench.run_for(6min);
  CHECK(bench.space("a")->allocated_bytes == 150);
  REQUIRE(bench.host.orders().size() == 2);
  CHECK(bench.host.orders()[1].kind == ScanOrder::Kind::kLookAgain);
  CHECK(bench.host.orders()[1].directories == std::vector{WatchedBench::named(2)});
}

TEST_CASE("a walk proves the size from time to time and tells by how much it was off") {
  WatchedBench bench;
  bench.put(2, WatchedBench::named(1), 40);  // a change of which nobody tells
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

TEST_CASE("a change of which no event tells is found soon if the volume's containers wrote") {
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

TEST_CASE("what changes during the walk is looked at after it") {
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
}  // namespace volumeter::size_sampler_test
