// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/host_monitor.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <string>

#include "tests/support/captured_log.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_engine.h"
#include "tests/support/temp_folder.h"

namespace volumeter::host_monitor_test {
namespace {

using Names = std::set<std::string, std::less<>>;

constexpr const char* kRootMount = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
constexpr const char* kDockerMount = "2 1 8:17 / /var/lib/docker rw - ext4 /dev/sdb1 rw\n";

std::string volume_json(const std::string& name) {
  return R"({"Name":")" + name + R"(","Driver":"local","Scope":"local","Mountpoint":)" +
         R"("/var/lib/docker/volumes/)" + name + R"(/_data"})";
}

// A host of which only the engine, the mount table and statfs answer, and how often each function
// of its HostAccess was called.
class Scene {
 public:
  Scene() {
    HostAccess& host = engine.host();
    host.paths = {folder_ / "proc", folder_ / "sys", folder_.path()};
    host.now = [] { return from_unix_seconds(1'700'000'000); };
    host.steady_now = [this] { return std::chrono::steady_clock::now() + skipped.load(); };
    host.statfs = [this](const std::vector<Place>& places, const HostAccess::OnUsage& on_answer,
                         std::stop_token) {
      for (std::size_t i = 0; i < places.size(); ++i) {
        ++statfs_calls;
        on_answer(i, FsUsage{.size_bytes = 100});
      }
    };
    host.resolve = [](const std::vector<Place>& places, std::stop_token) {
      std::vector<Result<std::string>> paths;
      for (const Place& place : places) paths.emplace_back(place.path);
      return paths;
    };
    host.start_scan = [this](const ScanOrder&,
                             std::stop_token) -> Result<std::unique_ptr<TreeScan>> {
      ++scans;
      return Error{ErrorKind::kPermission, "scan", "denied"};
    };
    host.watch_changes = [](const Place&, std::stop_token) -> Result<std::unique_ptr<ChangeFeed>> {
      return Error{ErrorKind::kUnsupported, "fanotify", "not here"};
    };
    host.trace_mounts = [this]() -> Result<std::unique_ptr<MountTracer>> {
      ++tracers;
      return Error{ErrorKind::kUnsupported, "eBPF", "not here"};
    };
    host.trace_devices = [this]() -> Result<std::unique_ptr<DeviceTracer>> {
      ++tracers;
      return Error{ErrorKind::kUnsupported, "eBPF", "not here"};
    };
    host.thread_cpu = [] { return std::chrono::nanoseconds(0); };
    mounts_are(kRootMount);
    folder_.write("proc/diskstats", "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n");
    volumes_are({"db", "idle"});
  }

  void mounts_are(const std::string& mountinfo) { folder_.write("proc/1/mountinfo", mountinfo); }

  void volumes_are(const std::vector<std::string>& names) {
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ",") + volume_json(name);
    engine.answer("/volumes", R"({"Volumes":[)" + all + R"(],"Warnings":null})");
  }

  void container_mounts(const std::string& volume) {
    engine.answer("/containers/json?all=1",
                  R"([{"Id":"a1","Names":["/web"],"State":"running","Mounts":[{"Type":"volume",)"
                  R"("Name":")" +
                      volume + R"(","Destination":"/data","RW":true}]}])");
  }

  std::string state_directory() {
    folder_.make_folder("state");
    return folder_ / "state";
  }

  const HostAccess& host() { return engine.host(); }

  test::ScriptedEngine engine;
  test::CapturedLog log;
  std::atomic<int> statfs_calls = 0;
  std::atomic<int> scans = 0;
  std::atomic<int> tracers = 0;
  std::atomic<std::chrono::seconds> skipped{std::chrono::seconds(0)};

 private:
  test::TempFolder folder_;
};

MonitorOptions nothing_optional() {
  MonitorOptions options;
  options.watch_filesystems = false;
  options.watch_sizes = false;
  options.trace_mounts = false;
  options.trace_devices = false;
  options.watch_disks = false;
  options.watch_containers = false;
  return options;
}

Names source_names(const HostSnapshot& snapshot) {
  Names names;
  for (const SourceHealth& source : snapshot.sources) names.emplace(source.name);
  CHECK(names.size() == snapshot.sources.size());
  return names;
}

TEST_CASE("by default every source exists and reports its health") {
  Scene scene;
  HostMonitor monitor(scene.host(), scene.log.log, {});
  monitor.sample_once({});
  CHECK(source_names(*monitor.snapshot()) == Names{"docker", "mountinfo", "diskstats", "statfs",
                                                   "sizes", "ebpf_mounts", "ebpf_devices",
                                                   "cgroup"});
  CHECK(scene.scans > 0);
  CHECK(scene.tracers == 2);
  CHECK(monitor.snapshot()->size_work);
}

TEST_CASE("a source that the options leave out is neither asked nor reported") {
  Scene scene;
  scene.volumes_are({});  // whose paths would be resolved, and their filesystems asked first
  HostMonitor monitor(scene.host(), scene.log.log, nothing_optional());
  monitor.sample_once({});
  const auto snapshot = monitor.snapshot();
  CHECK(source_names(*snapshot) == Names{"docker", "mountinfo"});
  CHECK(scene.statfs_calls == 0);
  CHECK(scene.scans == 0);
  CHECK(scene.tracers == 0);
  CHECK(snapshot->filesystems->empty());
  CHECK(snapshot->sizes->empty());
  CHECK_FALSE(snapshot->size_work);
  CHECK(snapshot->mount_io == nullptr);
  CHECK(snapshot->disks->disks().empty());
  CHECK(snapshot->container_io.empty());
}

TEST_CASE("each option alone adds its own source") {
  const std::pair<bool MonitorOptions::*, std::string> sources[] = {
      {&MonitorOptions::watch_filesystems, "statfs"},
      {&MonitorOptions::watch_sizes, "sizes"},
      {&MonitorOptions::trace_mounts, "ebpf_mounts"},
      {&MonitorOptions::trace_devices, "ebpf_devices"},
      {&MonitorOptions::watch_disks, "diskstats"},
      {&MonitorOptions::watch_containers, "cgroup"}};
  for (const auto& [option, source] : sources) {
    CAPTURE(source);
    Scene scene;
    MonitorOptions options = nothing_optional();
    options.*option = true;
    HostMonitor monitor(scene.host(), scene.log.log, options);
    monitor.sample_once({});
    CHECK(source_names(*monitor.snapshot()) == Names{"docker", "mountinfo", source});
  }
}

TEST_CASE("the history is a source only with a state directory") {
  Scene scene;
  MonitorOptions options = nothing_optional();
  options.state_directory = scene.state_directory();
  HostMonitor monitor(scene.host(), scene.log.log, options);
  CHECK(source_names(*monitor.snapshot()) == Names{"docker", "mountinfo", "state"});
}

TEST_CASE("before anything was asked a snapshot is empty, and the monitor is not ready") {
  Scene scene;
  HostMonitor monitor(scene.host(), scene.log.log, {});
  const auto snapshot = monitor.snapshot();
  CHECK_FALSE(monitor.ready());
  CHECK_FALSE(snapshot->docker_up);
  CHECK_FALSE(snapshot->listed_at);
  CHECK_FALSE(snapshot->inventory->engine);
  CHECK(snapshot->inventory->volumes.empty());
  CHECK(snapshot->usage->empty());
  CHECK(snapshot->filesystems->empty());
}

TEST_CASE("once the sources were asked a snapshot holds what they said") {
  Scene scene;
  MonitorOptions options = nothing_optional();
  options.watch_filesystems = true;
  HostMonitor monitor(scene.host(), scene.log.log, options);
  monitor.sample_once({});
  const auto snapshot = monitor.snapshot();
  CHECK(monitor.ready());
  CHECK(snapshot->docker_up);
  CHECK(snapshot->listed_at == scene.host().now());
  const Inventory& inventory = *snapshot->inventory;
  REQUIRE(inventory.volumes.size() == 2);
  CHECK(snapshot->times_of(inventory.volumes[0]) != nullptr);
  REQUIRE(inventory.filesystems.size() == 1);
  const auto* usage = snapshot->usage_of(inventory.filesystems[0]);
  REQUIRE(usage != nullptr);
  CHECK(usage->value->size_bytes == 100);
}

TEST_CASE("a Docker that does not answer makes the monitor ready all the same") {
  Scene scene;
  scene.engine.shut_down();
  HostMonitor monitor(scene.host(), scene.log.log, nothing_optional());
  monitor.sample_once({});
  CHECK(monitor.ready());
  CHECK_FALSE(monitor.snapshot()->docker_up);
}

TEST_CASE("a change of the mount table rebuilds the inventory, nothing new keeps it") {
  Scene scene;
  HostMonitor monitor(scene.host(), scene.log.log, nothing_optional());
  monitor.start();
  const auto inventory = [&] { return monitor.snapshot()->inventory; };
  REQUIRE(test::eventually([&] { return inventory()->volumes.size() == 2; }));
  // A list follows the opening of the event stream, and two seconds later one more. A clock that
  // jumps during a list would make it one that takes long, after which the next comes late.
  REQUIRE(
      test::eventually([&] { return scene.engine.times_asked("/containers/json?all=1") >= 3; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // the refresh that it causes
  REQUIRE(inventory()->filesystems.size() == 1);
  CHECK(inventory()->filesystems[0].mount_point == "/");

  scene.mounts_are(std::string(kRootMount) + kDockerMount);
  scene.skipped = std::chrono::seconds(16);  // a file does not tell of changes as procfs does
  REQUIRE(test::eventually(
      [&] { return inventory()->filesystems.at(0).mount_point == "/var/lib/docker"; }));

  const auto before = inventory();
  scene.skipped = std::chrono::seconds(32);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // a refresh or two
  CHECK(inventory() == before);
}

TEST_CASE("a partial list of volumes does not make the history forget the others") {
  Scene scene;
  MonitorOptions options = nothing_optional();
  options.state_directory = scene.state_directory();
  {
    HostMonitor monitor(scene.host(), scene.log.log, options);
    monitor.start();
    REQUIRE(test::eventually([&] { return monitor.snapshot()->usage->size() == 2; }));
  }

  scene.engine.fail("/volumes", {ErrorKind::kTimeout, "/volumes", "no answer"});
  scene.container_mounts("db");
  HostMonitor monitor(scene.host(), scene.log.log, options);
  monitor.sample_once({});
  auto snapshot = monitor.snapshot();
  CHECK_FALSE(snapshot->inventory->has_all_volumes);
  CHECK(snapshot->inventory->volumes.size() == 1);
  CHECK(snapshot->usage->contains("idle"));

  scene.volumes_are({"db"});
  HostMonitor later(scene.host(), scene.log.log, options);
  later.sample_once({});
  snapshot = later.snapshot();
  CHECK(snapshot->inventory->has_all_volumes);
  CHECK_FALSE(snapshot->usage->contains("idle"));
}

}  // namespace
}  // namespace volumeter::host_monitor_test
