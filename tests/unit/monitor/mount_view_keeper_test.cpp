// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/mount_view_keeper.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/temp_folder.h"

namespace volumeter::mount_view_keeper_test {
namespace {

const std::string kHostMounts = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";

// A host with the container "web", process 42, that mounts /data read-write.
class Scene {
 public:
  Scene() {
    host_.paths = {folder_ / "proc", folder_ / "sys", folder_.path()};
    host_.steady_now = [this] { return now; };
    folder_.write("proc/self/mountinfo", kHostMounts);
    ContainerFacts web;
    web.name = Label("web");
    web.state = docker::ContainerState::kRunning;
    web.pid = 42;
    inventory.containers = {web};
    inventory.engine = EngineFacts{Label("docker"), {}, {}, {}, 0};
    MountFacts& data = inventory.mounts.emplace_back();
    data.destination = Label("/data");
    data.writable = true;
  }

  void show(const std::string& lines) { folder_.write("proc/42/mountinfo", lines); }

  std::vector<MountMismatchFacts> look() {
    keeper.look(inventory, mounts_);
    return *keeper.latest();
  }

  SteadyTime now{std::chrono::hours(1)};
  Inventory inventory;

 private:
  test::TempFolder folder_;
  HostAccess host_;
  const MountList mounts_{parse_mountinfo(kHostMounts).items};

 public:
  MountViewKeeper keeper{host_};
};

TEST_CASE("the mounts of a running container are compared with the request") {
  Scene scene;
  scene.show("8 1 0:50 / / rw - overlay overlay rw\n9 8 8:1 /v /data ro - ext4 /dev/sda1 rw\n");
  CHECK(scene.look() ==
        std::vector<MountMismatchFacts>{{Label("web"), Label("/data"), MountMismatch::kReadOnly}});
  scene.show("8 1 0:50 / / rw - overlay overlay rw\n9 8 8:1 /v /data rw - ext4 /dev/sda1 rw\n");
  CHECK(scene.look().empty());
}

TEST_CASE("a process that has ended or is a sandbox shows nothing of its container") {
  Scene scene;
  CHECK(scene.look().empty());
  scene.show("8 1 0:50 / / rw - tmpfs none rw\n9 8 8:1 /v /data ro - ext4 /dev/sda1 rw\n");
  CHECK(scene.look().empty());
  scene.show(kHostMounts + "9 8 8:1 /v /data ro - ext4 /dev/sda1 rw\n");
  CHECK(scene.look().empty());
}

TEST_CASE("mounts are compared again after a minute, and after a change not at once") {
  Scene scene;
  CHECK(scene.keeper.is_due(false));
  scene.look();
  CHECK_FALSE(scene.keeper.is_due(false));
  scene.now += MountViewKeeper::kPauseAfterLook;
  CHECK_FALSE(scene.keeper.is_due(false));
  CHECK(scene.keeper.is_due(true));
  scene.look();
  CHECK_FALSE(scene.keeper.is_due(true));
  scene.now += MountViewKeeper::kPauseAfterLook;
  CHECK(scene.keeper.is_due(false));  // the change is not forgotten
  scene.look();
  scene.now += MountViewKeeper::kLookAgainAfter;
  CHECK(scene.keeper.is_due(false));
}

TEST_CASE("a missing source counts where this process has the host's mounts") {
  Scene scene;
  scene.inventory.containers[0].state = docker::ContainerState::kStopped;
  scene.inventory.containers[0].pid.reset();
  MountFacts& bind = scene.inventory.mounts[0];
  bind.kind = MountKind::kBind;
  bind.data_path = "/srv/gone";
  bind.needs_source = bind.is_source_missing = true;
  CHECK(scene.look() == std::vector<MountMismatchFacts>{
                            {Label("web"), Label("/data"), MountMismatch::kSourceMissing}});
}

}  // namespace
}  // namespace volumeter::mount_view_keeper_test
