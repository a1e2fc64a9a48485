// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/size_sampler.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "tests/support/eventually.h"
#include "tests/support/sampler_bench.h"

namespace volumeter::size_sampler_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using Bench = SamplerBench;

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

}  // namespace
}  // namespace volumeter::size_sampler_test
