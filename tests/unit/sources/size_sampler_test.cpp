// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/size_sampler.h"

#include <catch2/catch.hpp>
#include <map>

#include "tests/support/captured_log.h"
#include "tests/support/eventually.h"

namespace volumeter {
namespace {

using namespace std::chrono_literals;
using test::CapturedLog;
using test::eventually;

ScanTarget target(const std::string& volume, const std::string& mount_point = "/") {
  return {volume, "/v/" + volume, mount_point};
}

// A host whose trees answer what a test wants; each scan takes `scan_time` of its clock.
struct FakeHost {
  HostAccess access;
  std::mutex mutex;  // of the rest
  std::vector<std::string> scanned;
  std::map<std::string, ErrorKind> failing;
  SteadyTime steady{1h};
  std::chrono::milliseconds scan_time = 0ms;

  FakeHost() {
    access.now = [] { return from_unix_seconds(1000); };
    access.steady_now = [this] {
      const std::lock_guard lock(mutex);
      return steady;
    };
    access.scan_tree = [this](const std::string& path, std::stop_token) -> Result<TreeUsage> {
      const std::lock_guard lock(mutex);
      scanned.push_back(path);
      steady += scan_time;
      const auto found = failing.find(path);
      if (found != failing.end()) return Error{found->second, path, "as told"};
      return TreeUsage{.apparent_bytes = path.size(), .last_modified = {}};
    };
  }

  void pass(std::chrono::milliseconds time) {
    const std::lock_guard lock(mutex);
    steady += time;
  }

  std::size_t scans(const std::string& path) {
    const std::lock_guard lock(mutex);
    return static_cast<std::size_t>(std::count(scanned.begin(), scanned.end(), path));
  }

  std::vector<std::string> order() {
    const std::lock_guard lock(mutex);
    return scanned;
  }
};

bool never_hung(const std::string&, std::stop_token) { return false; }

bool is_known(const SizeSampler& sampler, const std::string& volume) {
  return sampler.latest()->contains(volume);
}

TEST_CASE("every volume has its size, and one that is gone has none") {
  FakeHost host;
  CapturedLog log;
  SizeSampler sampler(host.access, log.log, {}, never_hung);
  CHECK(sampler.latest()->empty());
  sampler.set_targets({target("a"), target("bb")});
  sampler.sample_once({});
  const auto latest = sampler.latest();
  REQUIRE(latest->size() == 2);
  CHECK(latest->at("bb").value->apparent_bytes == 5);
  CHECK(unix_seconds(latest->at("bb").taken_at) == 1000);
  CHECK(sampler.latest() == latest);  // nothing changed, nothing copied

  sampler.set_targets({target("bb")});
  CHECK(sampler.latest()->size() == 1);
  CHECK(sampler.health().up);
  CHECK(sampler.health().name == "sizes");
}

TEST_CASE("a new volume is scanned before old ones are scanned again") {
  FakeHost host;
  CapturedLog log;
  SizeSampler sampler(host.access, log.log, {.interval = 10s}, never_hung);
  sampler.set_targets({target("old1"), target("old2")});
  sampler.start();
  REQUIRE(eventually([&] { return is_known(sampler, "old1") && is_known(sampler, "old2"); }));
  host.pass(1min);
  sampler.set_targets({target("old1"), target("old2"), target("new")});
  REQUIRE(eventually([&] { return host.order().size() == 5; }));
  CHECK(host.order()[2] == "/v/new");
}

TEST_CASE("a volume is left alone for the interval") {
  FakeHost host;
  CapturedLog log;
  SizeSampler sampler(host.access, log.log, {.interval = 10s}, never_hung);
  sampler.set_targets({target("a")});
  sampler.start();
  REQUIRE(eventually([&] { return is_known(sampler, "a"); }));
  host.pass(9s);
  sampler.set_targets({target("a"), target("b")});  // wakes it
  REQUIRE(eventually([&] { return is_known(sampler, "b"); }));
  CHECK(host.scans("/v/a") == 1);
  host.pass(2s);
  sampler.set_targets({target("a"), target("b")});
  CHECK(eventually([&] { return host.scans("/v/a") == 2; }));
}

TEST_CASE("a volume whose scan takes long is scanned less often") {
  FakeHost host;
  host.scan_time = 2s;
  CapturedLog log;
  SizeSampler sampler(host.access, log.log, {.interval = 10s, .gap_factor = 20}, never_hung);
  sampler.set_targets({target("a")});
  sampler.start();
  REQUIRE(eventually([&] { return is_known(sampler, "a"); }));
  CHECK(sampler.latest()->at("a").took.count() == Approx(2.0));
  host.pass(30s);  // 32 s after it began, of 40
  sampler.set_targets({target("a"), target("b")});
  REQUIRE(eventually([&] { return is_known(sampler, "b"); }));
  CHECK(host.scans("/v/a") == 1);
  host.pass(10s);
  sampler.set_targets({target("a"), target("b")});
  CHECK(eventually([&] { return host.scans("/v/a") == 2; }));
}

TEST_CASE("a failed scan keeps the last size, and it is said once") {
  FakeHost host;
  CapturedLog log;
  SizeSampler sampler(host.access, log.log, {}, never_hung);
  sampler.set_targets({target("a"), target("b")});
  sampler.sample_once({});
  host.failing["/v/a"] = ErrorKind::kPermission;
  sampler.sample_once({});
  sampler.sample_once({});
  const Sampled<TreeUsage> sample = sampler.latest()->at("a");
  CHECK(sample.value->apparent_bytes == 4);
  CHECK(sample.error->kind == ErrorKind::kPermission);
  CHECK(log.count("warning sizes: volumes that this process may not read are not measured") == 1);
  CHECK(sampler.health().up);
  CHECK(sampler.health().bad_items == 1);
  CHECK(sampler.health().errors[static_cast<std::size_t>(ErrorKind::kPermission)] == 2);

  host.failing["/v/b"] = ErrorKind::kPermission;
  sampler.sample_once({});
  CHECK_FALSE(sampler.health().up);

  host.failing.clear();
  sampler.sample_once({});
  CHECK(sampler.health().up);
  CHECK(sampler.health().bad_items == 0);
  CHECK(log.count("info volume a: its size is measured again") == 1);
}

TEST_CASE("nothing is scanned on a filesystem that hangs") {
  FakeHost host;
  CapturedLog log;
  std::atomic<bool> hung = true;
  SizeSampler sampler(host.access, log.log, {}, [&](const std::string& point, std::stop_token) {
    return hung && point == "/nfs";
  });
  sampler.set_targets({target("far", "/nfs"), target("near")});
  sampler.start();
  REQUIRE(eventually([&] { return is_known(sampler, "near") && is_known(sampler, "far"); }));
  CHECK(sampler.latest()->at("far").error->kind == ErrorKind::kTimeout);
  CHECK_FALSE(sampler.latest()->at("far").value);
  CHECK(host.scans("/v/far") == 0);

  hung = false;
  host.pass(20s);  // it need not wait for the whole interval
  sampler.set_targets({target("far", "/nfs"), target("near")});
  CHECK(eventually([&] { return sampler.latest()->at("far").value.has_value(); }));
  CHECK(host.scans("/v/near") == 1);
}

TEST_CASE("a volume that moved is a new one") {
  FakeHost host;
  CapturedLog log;
  SizeSampler sampler(host.access, log.log, {}, never_hung);
  sampler.set_targets({target("a")});
  sampler.sample_once({});
  sampler.set_targets({{"a", "/elsewhere/a", "/"}});
  CHECK(sampler.latest()->empty());
  sampler.sample_once({});
  CHECK(sampler.latest()->at("a").value->apparent_bytes == 12);
}

TEST_CASE("a volume removed during its scan stays removed") {
  FakeHost host;
  CapturedLog log;
  SizeSampler sampler(host.access, log.log, {}, never_hung);
  host.access.scan_tree = [&](const std::string&, std::stop_token) -> Result<TreeUsage> {
    sampler.set_targets({});
    return TreeUsage{};
  };
  sampler.set_targets({target("a")});
  sampler.sample_once({});
  CHECK(sampler.latest()->empty());
}

TEST_CASE("a stop during a scan ends the sampler and blames no volume") {
  FakeHost host;
  CapturedLog log;
  std::atomic<bool> scanning = false;
  host.access.scan_tree = [&](const std::string& path, std::stop_token stop) -> Result<TreeUsage> {
    scanning = true;
    while (!stop.stop_requested()) std::this_thread::yield();
    return Error{ErrorKind::kTimeout, path, "interrupted"};
  };
  {
    SizeSampler sampler(host.access, log.log, {}, never_hung);
    sampler.set_targets({target("a")});
    sampler.start();
    REQUIRE(eventually([&] { return scanning.load(); }));
  }
  CHECK(log.text().empty());
}

TEST_CASE("thousands of volumes are scanned once each and shown together") {
  FakeHost host;
  CapturedLog log;
  SizeSampler sampler(host.access, log.log, {}, never_hung);
  std::vector<ScanTarget> targets;
  for (int i = 0; i < 3000; ++i) targets.push_back(target(std::to_string(i)));
  sampler.set_targets(targets);
  sampler.start();
  CHECK(eventually([&] { return sampler.latest()->size() == 3000; }));
  CHECK(host.order().size() == 3000);
}

}  // namespace
}  // namespace volumeter
