// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/container_io_keeper.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <thread>

#include "tests/support/captured_log.h"
#include "tests/support/temp_folder.h"

namespace volumeter::container_io_keeper_test {
namespace {

const std::string kId(64, 'a');

ContainerFacts container(const std::string& name, std::optional<std::uint32_t> pid) {
  ContainerFacts facts;
  facts.name = Label(name);
  facts.id = Label(kId);
  facts.pid = pid;
  return facts;
}

// A host of cgroup version 2 with the container "db", process 42, and a disk with a partition.
class Scene {
 public:
  Scene() {
    host_.paths = {folder_ / "proc", folder_ / "sys", folder_.path()};
    host_.now = [] { return from_unix_seconds(1'700'000'000); };
    host_.steady_now = [] { return SteadyTime(std::chrono::hours(1)); };
    folder_.write("proc/42/cgroup", "0::/docker/" + kId + "\n");
    inventory_.containers = {container("job", {}), container("db", 42), container("db", 42)};
    DeviceFacts partition;
    partition.name = Label("vda1");
    partition.block.is_partition = true;
    DeviceFacts disk;
    disk.name = Label("vda");
    disk.block.number = {254, 0};
    DeviceFacts hidden_path;  // of an NVMe disk: it has no number
    hidden_path.name = Label("nvme0c0n1");
    inventory_.devices = {partition, disk, hidden_path};
  }

  void begin_run() {
    const std::string folder = folder_ / "sys/fs/cgroup/docker";
    std::rename(folder.c_str(), (folder + std::to_string(++runs_)).c_str());
  }

  void write_bytes(std::uint64_t bytes) {
    folder_.write("sys/fs/cgroup/docker/" + kId + "/io.stat",
                  "8:0 rbytes=0 wbytes=" + std::to_string(bytes) + " rios=0 wios=1\n");
  }

  std::vector<std::optional<ContainerIo>> read() { return keeper_.read(inventory_, mounts_); }

 private:
  test::TempFolder folder_;
  HostAccess host_;
  test::CapturedLog log_;
  ContainerIoKeeper keeper_{host_, log_.log};
  Inventory inventory_;
  MountList mounts_{parse_mountinfo("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n").items,
                    1};
  int runs_ = 0;
};

TEST_CASE("the I/O of a container has the index of the container") {
  Scene scene;
  scene.write_bytes(100);
  const auto all = scene.read();
  REQUIRE(all.size() == 3);
  CHECK_FALSE(all[0]);  // not running
  REQUIRE(all[1]);
  CHECK_FALSE(all[2]);  // same name as the one before
}

TEST_CASE("disks below Docker's data have zeros; partitions and hidden paths are left out") {
  Scene scene;
  scene.write_bytes(100);
  const auto devices = scene.read()[1]->devices;
  REQUIRE(devices.size() == 2);
  CHECK(devices[0].name == Label("8:0"));
  CHECK(devices[0].written_bytes == 100);
  CHECK(devices[1].name == Label("vda"));
  CHECK(devices[1].writes == 0);
}

TEST_CASE("counters are cumulative across container restarts") {
  Scene scene;
  scene.write_bytes(100);
  scene.read();
  scene.begin_run();
  CHECK_FALSE(scene.read()[1]);  // between two runs
  scene.write_bytes(30);
  CHECK(scene.read()[1]->devices[0].written_bytes == 130);
}

TEST_CASE("concurrent scrapes never see a counter decrease") {
  Scene scene;
  scene.write_bytes(1'000'000);
  const auto scrape = [&] {
    for (int i = 0; i < 200; ++i) {
      if (scene.read()[1]->devices[0].written_bytes != 1'000'000) return false;
    }
    return true;
  };
  bool other = false;
  std::thread thread([&] { other = scrape(); });
  CHECK(scrape());
  thread.join();
  CHECK(other);
}

}  // namespace
}  // namespace volumeter::container_io_keeper_test
