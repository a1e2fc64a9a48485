// SPDX-License-Identifier: Apache-2.0
// Which filesystems and devices hold the data of Docker.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/inventory_bench.h"

namespace volumeter::inventory_filesystems_test {
namespace {

using namespace test;
using Host = InventoryBench;

TEST_CASE("a filesystem is listed once however many of its mounts hold Docker data") {
  Host host;
  host.docker.engine.root_directory = "/var/lib/docker";
  host.docker.volumes = {local("a"), local("b")};
  host.docker.containers = {running("c", {bound("/bind/x"), bound("/other", "/other")})};
  host.mountinfo += "9 1 8:1 /deep /bind rw - ext4 /dev/sda1 rw\n";
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 1);
  CHECK(inventory.filesystems[0].mount_point == "/");
  CHECK(inventory.filesystems[0].device == Label("/dev/sda1"));
  CHECK(inventory.filesystems[0].fstype == Label("ext4"));
  CHECK(inventory.filesystems[0].major == Label("8"));
  CHECK(inventory.filesystems[0].minor == Label("1"));
}

TEST_CASE("a filesystem is represented by its whole, writable mount with the shortest path") {
  Host host;
  host.docker.volumes = {local("a")};
  host.docker.volumes[0].mountpoint = "/d/long/one/volume";
  host.mountinfo =
      "1 0 8:9 / / rw - ext4 /dev/sdb rw\n"
      "2 1 8:1 /part /d rw - ext4 /dev/sda1 rw\n"
      "3 1 8:1 / /e ro - ext4 /dev/sda1 rw\n"
      "4 2 8:1 / /d/long rw - ext4 /dev/sda1 rw\n"
      "5 1 8:1 / /whole rw - ext4 /dev/sda1 rw\n";
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 1);
  CHECK(inventory.filesystems[0].mount_point == "/whole");
  CHECK_FALSE(inventory.filesystems[0].readonly);
}

TEST_CASE("a filesystem is read-only if its mount or its superblock is") {
  Host host;
  host.docker.volumes = {local("a")};
  CHECK_FALSE(host.inventory().filesystems.at(0).readonly);
  host.mountinfo = "1 0 8:1 / / rw - ext4 /dev/sda1 ro,errors=remount-ro\n";
  CHECK(host.inventory().filesystems.at(0).readonly);
  host.mountinfo = "1 0 8:1 / / ro - ext4 /dev/sda1 rw\n";
  CHECK(host.inventory().filesystems.at(0).readonly);
}

TEST_CASE("bind mounts of kernel filesystems such as /proc are not listed as filesystems") {
  Host host;
  // In a container of LXC some files of /proc are those of lxcfs.
  host.mountinfo += "4 2 0:50 /proc/stat /proc/stat rw - fuse.lxcfs lxcfs rw\n";
  host.docker.containers = {running(
      "exporter", {bound("/proc"), bound("/proc/stat", "/stat"), bound("/srv/config", "/config")})};
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 1);
  CHECK(inventory.filesystems[0].mount_point == "/srv");
}

TEST_CASE("a bind mount through a symbolic link lists the filesystem it leads to") {
  Host host;
  host.docker.containers = {running("a", {bound("/home/me/config")})};
  host.links = {{"/home/me/config", "/srv/config"}};
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 1);
  CHECK(inventory.filesystems[0].mount_point == "/srv");
}

TEST_CASE("without a mount table no volume has a filesystem") {
  Host host;
  host.docker.volumes = {local("a")};
  host.mountinfo = "";
  const Inventory inventory = host.inventory();
  CHECK(inventory.filesystems.empty());
  CHECK_FALSE(inventory.volumes.front().filesystem);
}

TEST_CASE("a device is listed once, with its parents") {
  BlockDevice disk;
  disk.name = "sda";
  disk.model = "QEMU HARDDISK";
  disk.rotational = true;
  BlockDevice first = disk;
  first.name = "sda1";
  first.parents = {"sda"};
  BlockDevice second;
  second.name = "sda2";
  second.parents = {"sda"};

  Host host;
  host.docker.volumes = {local("a")};
  host.docker.containers = {running("c", {bound("/srv/x")})};
  host.devices = {{{8, 1}, {first, disk}}, {{8, 2}, {second, disk}}, {{8, 3}, {disk}}};
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.devices.size() == 3);
  CHECK(inventory.devices[0].name == Label("sda1"));
  CHECK(inventory.devices[0].parents == std::vector{Label("sda")});
  CHECK(inventory.devices[1].name == Label("sda"));
  CHECK(inventory.devices[1].model == Label("QEMU HARDDISK"));
  CHECK(inventory.devices[1].block.rotational == true);
  CHECK_FALSE(inventory.devices[2].block.rotational);
}

BlockDevice device(const std::string& name, DeviceNumber number) {
  BlockDevice made;
  made.name = name;
  made.number = number;
  return made;
}

TEST_CASE("a filesystem lists all devices below it, shared ones included") {
  const auto disk = device("sda", {8, 0});
  const auto first = device("sda1", {8, 1});
  const auto second = device("sda2", {8, 2});
  Host host;
  host.docker.volumes = {local("a")};
  host.docker.containers = {running("c", {bound("/srv/x")})};
  host.devices = {{{8, 1}, {first, disk, disk}}, {{8, 2}, {second, disk}}, {{8, 3}, {disk}}};
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 2);
  for (const FilesystemFacts& filesystem : inventory.filesystems) {
    CAPTURE(filesystem.mount_point);
    REQUIRE(filesystem.devices.size() == 2);
    CHECK(inventory.devices[filesystem.devices[0]].minor == filesystem.minor);
    CHECK(inventory.devices[filesystem.devices[1]].name == Label("sda"));
  }
  CHECK(inventory.devices[0].block.number == DeviceNumber{8, 1});
  CHECK(inventory.devices[0].block.name == "sda1");
}

TEST_CASE("other devices are listed once, after those below Docker data, even without an engine") {
  Host host;
  host.docker.volumes = {local("a")};
  host.devices = {{{8, 1}, {device("sda1", {8, 1})}}, {{8, 2}, {device("sda1", {8, 1})}}};
  host.more_devices = {device("nvme0n1", {259, 0}), device("sda1", {8, 1}), device("x\xFE", {1, 1}),
                       device("x\xFF", {1, 2})};
  const auto names = [](const Inventory& inventory) {
    std::vector<std::string> found;
    for (const DeviceFacts& facts : inventory.devices) found.push_back(facts.block.name);
    return found;
  };
  CHECK(names(host.inventory()) == std::vector<std::string>{"sda1", "nvme0n1", "x\xFE"});
  CHECK(names(host.inventory(nullptr)) == std::vector<std::string>{"nvme0n1", "sda1", "x\xFE"});
}

TEST_CASE("a container's own layer lies where the storage driver's directory is mounted") {
  Host host;
  host.docker.engine = {"docker", "20.10.24", "1.41", "overlay2", "/var/lib/docker"};
  host.docker.containers = {running("a", {})};
  host.mountinfo += "9 1 8:3 / /var/lib/docker/overlay2 rw - ext4 /dev/sda3 rw\n";
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.mounts.size() == 1);
  REQUIRE(inventory.mounts[0].filesystem);
  CHECK(inventory.filesystems[*inventory.mounts[0].filesystem].mount_point ==
        "/var/lib/docker/overlay2");
}

// The mount points of all filesystems of a host whose engine has its root directory on /.
std::vector<std::string> filesystems_with(const std::string& driver, Host host) {
  host.docker.engine = {"docker", "29.0.0", "1.52", driver, "/var/lib/docker"};
  std::vector<std::string> found;
  for (const FilesystemFacts& facts : host.inventory().filesystems) {
    found.push_back(facts.mount_point);
  }
  return found;
}

TEST_CASE("images on another disk than the engine's root directory are found") {
  using Found = std::vector<std::string>;
  Host host;
  SECTION("by a mount on the storage driver's directory") {
    host.mountinfo += "9 1 8:3 / /var/lib/docker/overlay2 rw - ext4 /dev/sda3 rw\n";
    CHECK(filesystems_with("overlay2", host) == Found{"/", "/var/lib/docker/overlay2"});
  }
  SECTION("by a symbolic link in its place") {
    host.links = {{"/var/lib/docker/overlay2", "/srv/overlay2"}};
    CHECK(filesystems_with("overlay2", host) == Found{"/", "/srv"});
  }
  SECTION("by the layer of a running container") {
    host.docker.containers = {running("a", {})};
    host.docker.details["id-a"].pid = 7;
    host.layers[7] = "/srv/ctd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs";
    CHECK(filesystems_with("overlayfs", host) == Found{"/", "/srv"});
  }
  SECTION("in the directory that containerd has by itself") {
    host.mountinfo += "9 1 8:3 / /var/lib/containerd rw - ext4 /dev/sda3 rw\n";
    CHECK(filesystems_with("overlayfs", host) == Found{"/", "/var/lib/containerd"});
  }
  SECTION("nowhere, if containerd's directory is not there") {
    host.links = {{"/var/lib/containerd", "/srv/containerd"}};
    host.missing = {"/var/lib/containerd"};
    CHECK(filesystems_with("overlayfs", host) == Found{"/"});
  }
}

}  // namespace
}  // namespace volumeter::inventory_filesystems_test
