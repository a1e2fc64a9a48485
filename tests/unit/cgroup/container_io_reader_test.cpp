// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/cgroup/container_io_reader.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "tests/support/captured_log.h"
#include "tests/support/temp_folder.h"

namespace volumeter::container_io_reader_test {
namespace {

using test::TempFolder;
using Answers = std::vector<std::optional<ContainerIo>>;

const std::string kId(64, 'a');
const std::string kStat = "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n";
const std::string kPressure = "some avg10=0.00 total=2000000\nfull avg10=0.00 total=500000\n";

// A host with one container, "aaaa...", whose first process is 42.
class Scene {
 public:
  Scene() {
    host_.paths = {folder_ / "proc", folder_ / "sys", folder_.path()};
    host_.now = [] { return from_unix_seconds(1'700'000'000); };
    host_.steady_now = [this] { return now; };
    folder_.make_folder("sys/dev/block/");
    REQUIRE(::symlink("../../devices/vda", (folder_ / "sys/dev/block/254:0").c_str()) == 0);
  }

  void mount(const std::string& mountinfo) {
    mounts_.emplace(parse_mountinfo(mountinfo).items, ++generation_);
  }
  void mount_v2() { mount("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"); }
  void mount_v1() { mount("33 31 0:30 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"); }

  void put_process(const std::string& cgroups) { folder_.write("proc/42/cgroup", cgroups); }
  void put(const std::string& cgroup_file, const std::string& text) {
    folder_.write("sys/fs/cgroup/" + cgroup_file, text);
  }
  std::string cgroup(const std::string& name) const { return folder_ / ("sys/fs/cgroup/" + name); }

  Answers read(std::vector<ContainerProcess> containers = {{kId, 42}}) {
    return reader_.read(containers, *mounts_);
  }

  SteadyTime now{std::chrono::hours(1)};

  const SourceHealth& health() const { return reader_.health(); }
  test::CapturedLog& log() { return log_; }

 private:
  TempFolder folder_;
  HostAccess host_;
  test::CapturedLog log_;
  ContainerIoReader reader_{host_, log_.log};
  std::optional<MountList> mounts_;
  std::uint64_t generation_ = 0;
};

DeviceIo vda(std::uint64_t reads, std::uint64_t writes, std::uint64_t read_bytes,
             std::uint64_t written_bytes) {
  return {{254, 0}, reads, writes, read_bytes, written_bytes, Label("vda")};
}

TEST_CASE("I/O and pressure are read from a cgroup v2") {
  Scene scene;
  scene.mount_v2();
  scene.put_process("0::/docker/" + kId + "/init\n");
  scene.put("docker/" + kId + "/io.stat", kStat + "259:7 rbytes=1 wbytes=1 rios=1 wios=1\n");
  scene.put("docker/" + kId + "/io.pressure", kPressure);
  const auto io = scene.read()[0];
  REQUIRE(io);
  CHECK(io->devices ==
        std::vector{vda(1, 2, 4096, 8192), DeviceIo{{259, 7}, 1, 1, 1, 1, Label("259:7")}});
  CHECK(io->lists_all);
  REQUIRE(io->pressure);
  CHECK(io->pressure->some == std::chrono::seconds(2));
  CHECK(io->pressure->full == std::chrono::milliseconds(500));
  CHECK(scene.health().up);
}

TEST_CASE("I/O without pressure is read from a cgroup v1") {
  Scene scene;
  scene.mount_v1();
  scene.put_process("5:blkio:/docker/" + kId + "\n0::/\n");
  const std::string folder = "blkio/docker/" + kId + "/blkio.";
  scene.put(folder + "throttle.io_service_bytes_recursive",
            "254:0 Read 4096\n254:0 Write 8192\n254:0 Total 12288\nTotal 12288\n");
  scene.put(folder + "throttle.io_serviced_recursive", "254:0 Read 1\n254:0 Write 2\nTotal 3\n");
  const auto io = scene.read()[0];
  REQUIRE(io);
  CHECK(io->devices == std::vector{vda(1, 2, 4096, 8192)});
  CHECK_FALSE(io->lists_all);
  CHECK_FALSE(io->pressure);
}

TEST_CASE("without counters of the throttling layer those of the I/O scheduler are used") {
  for (const std::string kind : {"bfq.io_service", "io_service"}) {
    CAPTURE(kind);
    Scene scene;
    scene.mount_v1();
    scene.put_process("5:blkio:/docker/" + kId + "\n");
    const std::string folder = "blkio/docker/" + kId + "/blkio.";
    scene.put(folder + "throttle.io_service_bytes", "Total 0\n");
    scene.put(folder + "throttle.io_serviced", "Total 0\n");
    scene.put(folder + kind + "_bytes_recursive", "254:0 Read 4096\n254:0 Write 8192\n");
    scene.put(folder + kind + "d_recursive", "254:0 Read 1\n254:0 Write 2\n");
    CHECK(scene.read()[0]->devices == std::vector{vda(1, 2, 4096, 8192)});

    // Counters that appear later are not used: they have other values.
    scene.put(folder + "throttle.io_service_bytes", "254:0 Read 1\n254:0 Write 1\n");
    scene.put(folder + "throttle.io_serviced", "254:0 Read 1\n254:0 Write 1\n");
    CHECK(scene.read()[0]->devices == std::vector{vda(1, 2, 4096, 8192)});
  }
}

TEST_CASE("a blkio cgroup without counters has no devices") {
  Scene scene;
  scene.mount_v1();
  scene.put_process("5:blkio:/docker/" + kId + "\n");
  scene.put("blkio/docker/" + kId + "/blkio.throttle.io_service_bytes", "Total 0\n");
  scene.put("blkio/docker/" + kId + "/blkio.throttle.io_serviced", "Total 0\n");
  const auto io = scene.read()[0];
  REQUIRE(io);
  CHECK(io->devices.empty());
  CHECK_FALSE(io->lists_all);
}

TEST_CASE("runs of a container are distinguished by their cgroup") {
  Scene scene;
  scene.mount_v2();
  scene.put_process("0::/docker/" + kId + "\n");
  scene.put("docker/" + kId + "/io.stat", kStat);
  const auto first = scene.read()[0];
  REQUIRE(first);
  CHECK(scene.read()[0]->device_run == first->device_run);
  // The kernel does not reuse cgroup inodes, but this filesystem would: keep it in use.
  REQUIRE(std::rename(scene.cgroup("docker").c_str(), scene.cgroup("old").c_str()) == 0);
  scene.put("docker/" + kId + "/io.stat", kStat);
  CHECK(scene.read()[0]->device_run != first->device_run);
}

TEST_CASE("a process id reused by another container is not used") {
  Scene scene;
  scene.mount_v2();
  scene.put_process("0::/docker/" + std::string(64, 'b') + "\n");
  scene.put("docker/" + std::string(64, 'b') + "/io.stat", kStat);
  CHECK_FALSE(scene.read()[0]);
}

TEST_CASE("a stopped container affects no other and is not logged") {
  Scene scene;
  scene.mount_v2();
  scene.put_process("0::/docker/" + kId + "\n");
  scene.put("docker/" + kId + "/io.stat", kStat);
  const std::string other(64, 'c');
  const auto answers = scene.read({{other, 43}, {kId, 42}});
  CHECK_FALSE(answers[0]);
  CHECK(answers[1]);
  CHECK(scene.health().up);
  CHECK(scene.health().errors[static_cast<std::size_t>(ErrorKind::kNotFound)] == 1);
  CHECK(scene.log().count("warning") == 0);
}

TEST_CASE("the only container that has just ended is not logged, one that stays unreadable is") {
  Scene scene;
  scene.mount_v2();
  scene.put_process("0::/docker/" + kId + "\n");
  scene.put("docker/" + kId + "/io.stat", kStat);
  CHECK(scene.read()[0]);
  REQUIRE(std::rename(scene.cgroup("docker").c_str(), scene.cgroup("old").c_str()) == 0);
  scene.put_process("0::/\n");  // of a zombie, or of another process with its id
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(scene.read()[0]);
    CHECK(scene.health().up);
    scene.now += ContainerIoReader::kMayHaveEnded / 3;
  }
  CHECK(scene.log().count("warning") == 0);
  CHECK_FALSE(scene.read()[0]);
  CHECK_FALSE(scene.health().up);
  CHECK(scene.log().count("warning") == 1);
}

TEST_CASE("the next run of a container that ended has its own time to appear") {
  Scene scene;
  scene.mount_v2();
  CHECK_FALSE(scene.read({{kId, 7}})[0]);
  scene.now += ContainerIoReader::kMayHaveEnded;
  CHECK_FALSE(scene.read({{kId, 8}})[0]);
  CHECK(scene.log().count("warning") == 0);
  scene.now += ContainerIoReader::kMayHaveEnded;
  CHECK_FALSE(scene.read({{kId, 8}})[0]);
  CHECK(scene.log().count("warning") == 1);
}

TEST_CASE("if no container can be read the source is down with the reason") {
  Scene scene;
  scene.mount_v2();
  scene.put_process("0::/../docker-" + kId + ".scope\n");
  CHECK_FALSE(scene.read()[0]);
  CHECK_FALSE(scene.health().up);
  CHECK(scene.health().last_error.find("--cgroupns=host") != std::string::npos);
  CHECK(scene.log().count("--cgroupns=host") == 1);
  CHECK_FALSE(scene.read()[0]);
  CHECK(scene.log().count("--cgroupns=host") == 1);  // logged once

  scene.put_process("0::/docker/" + kId + "\n");
  scene.put("docker/" + kId + "/io.stat", kStat);
  CHECK(scene.read()[0]);
  CHECK(scene.health().up);
}

TEST_CASE("without containers the source is up") {
  Scene scene;
  scene.mount("");
  CHECK(scene.read({}).empty());
  CHECK(scene.health().up);
}

TEST_CASE("a cgroup without the io controller has only pressure") {
  Scene scene;
  scene.mount_v2();
  scene.put_process("0::/docker/" + kId + "\n");
  scene.put("docker/" + kId + "/io.pressure", kPressure);
  const auto io = scene.read()[0];
  REQUIRE(io);
  CHECK(io->devices.empty());
  CHECK_FALSE(io->lists_all);
  CHECK(io->pressure);
  CHECK(scene.log().count("Delegate") == 1);
}

TEST_CASE("malformed lines are counted, and the device list is then incomplete") {
  Scene scene;
  scene.mount_v2();
  scene.put_process("0::/docker/" + kId + "\nodd\n");
  scene.put("docker/" + kId + "/io.stat", kStat + "8:0 rbytes=1 wby");
  scene.put("docker/" + kId + "/io.pressure", "odd\n");
  const auto io = scene.read()[0];
  REQUIRE(io);
  CHECK(io->devices.size() == 1);
  CHECK_FALSE(io->lists_all);
  CHECK_FALSE(io->pressure);
  CHECK(scene.health().bad_items == 3);
}

TEST_CASE("cgroup directories are cached while other mounts change") {
  const std::string cgroups = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  Scene scene;
  scene.mount(cgroups);
  scene.put_process("0::/docker/" + kId + "\n");
  scene.put("docker/" + kId + "/io.stat", kStat);
  CHECK(scene.read()[0]);
  scene.put_process("");
  scene.mount(cgroups + "31 23 0:27 / /mnt rw - tmpfs tmpfs rw\n");
  CHECK(scene.read()[0]);
}

TEST_CASE("cgroup directories are looked up again after the cgroup mounts changed") {
  Scene scene;
  scene.mount("");
  scene.put_process("0::/docker/" + kId + "\n");
  scene.put("docker/" + kId + "/io.stat", kStat);
  CHECK_FALSE(scene.read()[0]);
  scene.mount_v2();
  CHECK(scene.read()[0]);
  scene.mount("");
  CHECK_FALSE(scene.read()[0]);
}

}  // namespace
}  // namespace volumeter::container_io_reader_test
