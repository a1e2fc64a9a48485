// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/capacity/filesystem_sampler.h"

#include <catch2/catch.hpp>
#include <condition_variable>

#include "tests/support/captured_log.h"
#include "tests/support/eventually.h"

namespace volumeter::filesystem_sampler_test {
namespace {

using namespace std::chrono_literals;
using test::CapturedLog;
using test::eventually;

// A host whose filesystems answer what a test wants.
struct FakeHost {
  HostAccess access;
  std::mutex mutex;  // of the rest
  std::map<std::string, ErrorKind> failing;
  std::map<std::string, int> asked;
  double now = 1000;
  FsUsage counts;  // of all, but for the size

  FakeHost() {
    access.now = [this] {
      const std::lock_guard lock(mutex);
      return from_unix_seconds(now);
    };
    access.steady_now = [] { return std::chrono::steady_clock::now(); };
    access.statfs = [this](const std::vector<Place>& places, const HostAccess::OnUsage& on_answer,
                           std::stop_token) {
      for (std::size_t i = 0; i < places.size(); ++i) on_answer(i, answer(places[i].path));
    };
  }

  Result<FsUsage> answer(const std::string& path) {
    const std::lock_guard lock(mutex);
    ++asked[path];
    const auto found = failing.find(path);
    if (found != failing.end()) return Error{found->second, path, "as told"};
    FsUsage usage = counts;
    usage.size_bytes = path.size();
    return usage;
  }

  int times_asked(const std::string& path) {
    const std::lock_guard lock(mutex);
    return asked[path];
  }
};

Place mount_at(const std::string& mount_point, std::uint64_t id = 0) {
  Place place;
  place.path = mount_point;
  place.mount_id = id;
  return place;
}

std::vector<Place> mounts_at(const std::vector<std::string>& mount_points) {
  std::vector<Place> places;
  for (const std::string& one : mount_points) places.push_back(mount_at(one));
  return places;
}

TEST_CASE("a number of files that changes while no inode is free is no limit") {
  FakeHost host;
  CapturedLog log;
  FilesystemSampler sampler(host.access, log.log, 1h);
  sampler.set_targets(mounts_at({"/fuse"}));
  const auto files = [&](std::uint64_t total, std::uint64_t free) {
    host.counts.files = total;
    host.counts.files_free = free;
    sampler.sample_once({});
    return sampler.latest()->at("/fuse").value->files;
  };
  CHECK(files(100, 0) == 100);  // none left, as far as one answer tells
  CHECK(files(100, 0) == 100);
  CHECK(files(103, 0) == 0);
  CHECK(files(103, 0) == 0);
  CHECK_FALSE(sampler.latest()->at("/fuse").value->files_free);
  CHECK(files(200, 7) == 200);  // it counts them after all
}

TEST_CASE("each filesystem has its own answer and time") {
  FakeHost host;
  CapturedLog log;
  FilesystemSampler sampler(host.access, log.log, 1h);
  CHECK(sampler.latest()->empty());
  sampler.set_targets(mounts_at({"/b", "/", "/b"}));
  sampler.sample_once({});
  const auto latest = sampler.latest();
  REQUIRE(latest->size() == 2);
  CHECK(latest->at("/b").value->size_bytes == 2);
  CHECK(unix_seconds(latest->at("/b").taken_at) == 1000);
  CHECK(sampler.health().up);
  CHECK(sampler.health().name == "statfs");
  CHECK(host.times_asked("/b") == 1);
}

TEST_CASE("a hung filesystem keeps its last value, and it is said once") {
  FakeHost host;
  CapturedLog log;
  FilesystemSampler sampler(host.access, log.log, 1h);
  sampler.set_targets(mounts_at({"/", "/nfs"}));
  sampler.sample_once({});
  host.now = 2000;
  host.failing["/nfs"] = ErrorKind::kTimeout;
  sampler.sample_once({});
  sampler.sample_once({});
  const Sampled<FsUsage> sample = sampler.latest()->at("/nfs");
  CHECK(sample.value->size_bytes == 4);
  CHECK(unix_seconds(sample.taken_at) == 1000);
  CHECK(sample.error->kind == ErrorKind::kTimeout);
  CHECK(unix_seconds(sampler.latest()->at("/").taken_at) == 2000);
  CHECK(sampler.is_hung("/nfs"));
  CHECK_FALSE(sampler.is_hung("/"));
  CHECK_FALSE(sampler.is_hung("/unknown"));
  CHECK(
      log.count(
          "warning subject=filesystem mountpoint=/nfs msg=\"no answer to statfs; serving the last "
          "known values; check the server or unmount the filesystem\"") == 1);

  host.failing.clear();
  sampler.sample_once({});
  sampler.sample_once({});
  CHECK_FALSE(sampler.is_hung("/nfs"));
  CHECK(log.count("info subject=filesystem mountpoint=/nfs msg=\"statfs succeeds again\"") == 1);
}

TEST_CASE("the statfs source is down only when no filesystem answers") {
  FakeHost host;
  CapturedLog log;
  FilesystemSampler sampler(host.access, log.log, 1h);
  sampler.sample_once({});
  CHECK(sampler.health().up);  // nothing to ask
  sampler.set_targets(mounts_at({"/a", "/b"}));
  host.failing["/a"] = ErrorKind::kPermission;
  sampler.sample_once({});
  CHECK(sampler.health().up);
  CHECK(sampler.health().bad_items == 1);
  host.failing["/b"] = ErrorKind::kIo;
  sampler.sample_once({});
  CHECK_FALSE(sampler.health().up);
  CHECK(sampler.health().bad_items == 2);
  CHECK(sampler.health().errors[static_cast<std::size_t>(ErrorKind::kPermission)] == 2);
}

TEST_CASE("a filesystem that is no longer wanted disappears") {
  FakeHost host;
  CapturedLog log;
  FilesystemSampler sampler(host.access, log.log, 1h);
  sampler.set_targets(mounts_at({"/a", "/b"}));
  sampler.sample_once({});
  sampler.set_targets(mounts_at({"/b"}));
  sampler.sample_once({});
  CHECK(sampler.latest()->size() == 1);
}

TEST_CASE("a new filesystem is asked at once, the others in their turn") {
  FakeHost host;
  CapturedLog log;
  FilesystemSampler sampler(host.access, log.log, 1h);
  sampler.set_targets(mounts_at({"/a"}));
  sampler.start();
  CHECK(eventually([&] { return sampler.latest()->contains("/a"); }));
  sampler.set_targets(mounts_at({"/a", "/b"}));
  CHECK(eventually([&] { return sampler.latest()->contains("/b"); }));
  sampler.set_targets(mounts_at({"/b"}));
  CHECK(eventually([&] { return sampler.latest()->size() == 1; }));
  CHECK(host.times_asked("/a") == 1);
}

TEST_CASE("a round is repeated after the interval") {
  FakeHost host;
  CapturedLog log;
  FilesystemSampler sampler(host.access, log.log, 5ms);
  sampler.set_targets(mounts_at({"/a"}));
  sampler.start();
  CHECK(eventually([&] { return host.times_asked("/a") > 3; }));
}

TEST_CASE("an answer is shown while other filesystems have not answered yet") {
  FakeHost host;
  CapturedLog log;
  FilesystemSampler sampler(host.access, log.log, 1h);
  bool is_shown = false;
  host.access.statfs = [&](const std::vector<Place>& places, const HostAccess::OnUsage& on_answer,
                           std::stop_token) {
    on_answer(1, host.answer(places.at(1).path));
    is_shown = sampler.latest()->contains("/z") && !sampler.latest()->contains("/hung");
    on_answer(0, Error{ErrorKind::kTimeout, "/hung", "as told"});
  };
  sampler.set_targets(mounts_at({"/hung", "/z"}));
  sampler.sample_once({});
  CHECK(is_shown);
  CHECK(sampler.is_hung("/hung"));
}

TEST_CASE("a filesystem that is not asked keeps its value and is not called hung") {
  FakeHost host;
  CapturedLog log;
  FilesystemSampler sampler(host.access, log.log, 1h);
  sampler.set_targets(mounts_at({"/a", "/b"}));
  sampler.sample_once({});
  host.failing["/a"] = ErrorKind::kNotAsked;
  sampler.sample_once({});
  CHECK(sampler.latest()->at("/a").value->size_bytes == 2);
  CHECK(sampler.latest()->at("/a").error->kind == ErrorKind::kNotAsked);
  CHECK_FALSE(sampler.is_hung("/a"));
  CHECK(sampler.health().errors[static_cast<std::size_t>(ErrorKind::kNotAsked)] == 1);
  CHECK(log.count("warning subject=filesystem mountpoint=/a msg=\"statfs not called") == 1);
}

TEST_CASE("what the agent may or can not ask is logged with the remedy and is no evidence") {
  struct Case {
    ErrorKind kind;
    const char* said;
    bool is_evidence;
  };
  const Case all[] = {{ErrorKind::kPermission, "CAP_DAC_READ_SEARCH", false},
                      {ErrorKind::kUnsupported, "seccomp", false},
                      {ErrorKind::kNotAsked, "retrying", false},
                      {ErrorKind::kTimeout, "check the server", true},
                      {ErrorKind::kNotFound, "statfs failed", true},
                      {ErrorKind::kIo, "statfs failed", true}};
  for (const Case& one : all) {
    FakeHost host;
    CapturedLog log;
    FilesystemSampler sampler(host.access, log.log, 1h);
    sampler.set_targets(mounts_at({"/a"}));
    host.failing["/a"] = one.kind;
    sampler.sample_once({});
    CHECK(log.count(one.said) == 1);
    CHECK(is_evidence(*sampler.latest()->at("/a").error) == one.is_evidence);
  }
}

TEST_CASE("a mount that replaced another one does not inherit its capacity") {
  FakeHost host;
  CapturedLog log;
  FilesystemSampler sampler(host.access, log.log, 1h);
  sampler.set_targets({mount_at("/a", 1), mount_at("/b", 2)});
  sampler.sample_once({});
  sampler.set_targets({mount_at("/a", 3), mount_at("/b", 2)});
  CHECK_FALSE(sampler.latest()->contains("/a"));
  CHECK(sampler.latest()->contains("/b"));
}

TEST_CASE("a stop ends the sampler while it waits for an answer and blames no filesystem") {
  FakeHost host;
  CapturedLog log;
  std::atomic<bool> waiting = false;
  host.access.statfs = [&](const std::vector<Place>& places, const HostAccess::OnUsage& on_answer,
                           std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    waiting = true;
    changed.wait(lock, stop, [] { return false; });
    on_answer(0, Error{ErrorKind::kNotAsked, places.at(0).path, "interrupted"});
  };
  {
    FilesystemSampler sampler(host.access, log.log, 1h);
    sampler.set_targets(mounts_at({"/a"}));
    sampler.start();
    REQUIRE(eventually([&] { return waiting.load(); }));
  }
  CHECK(log.text().empty());
}

}  // namespace
}  // namespace volumeter::filesystem_sampler_test
