// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/block_devices.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_sysfs.h"

namespace volumeter::block_devices_test {
namespace {

using test::FakeSysfs;

std::vector<std::string> names(const std::vector<BlockDevice>& devices) {
  std::vector<std::string> found;
  for (const BlockDevice& device : devices) found.push_back(device.name);
  return found;
}

TEST_CASE("a disk has a model and no parents") {
  FakeSysfs sysfs;
  sysfs.add_disk("sda", "8:0");
  const auto disk = read_block_device(sysfs.paths(), {8, 0});
  REQUIRE(disk);
  CHECK(disk->name == "sda");
  CHECK(disk->number == DeviceNumber{8, 0});
  CHECK_FALSE(disk->is_partition);
  CHECK(disk->model == "ST4000DM004-2CV1");
  CHECK(disk->rotational == true);
  CHECK_FALSE(disk->dm_name);
  CHECK(disk->parents.empty());
}

TEST_CASE("the parent of a partition is its disk, which has its model and type") {
  FakeSysfs sysfs;
  sysfs.add_disk("sda", "8:0");
  sysfs.add_partition("sda", "sda1", "8:1");
  const auto part = read_block_device(sysfs.paths(), {8, 1});
  REQUIRE(part);
  CHECK(part->name == "sda1");
  CHECK(part->is_partition);
  CHECK(part->parents == std::vector<std::string>{"sda"});
  CHECK(part->rotational == true);
  CHECK(part->model == "ST4000DM004-2CV1");
}

TEST_CASE("an exclamation mark in a sysfs name is a slash") {
  FakeSysfs sysfs;
  sysfs.add_disk("cciss!c0d0", "104:0");
  CHECK(read_block_device(sysfs.paths(), {104, 0})->name == "cciss/c0d0");
}

TEST_CASE("all devices below a device are found once, down to the disks") {
  FakeSysfs sysfs;
  sysfs.add_disk("sda", "8:0");
  sysfs.add_disk("sdb", "8:16");
  sysfs.add_partition("sda", "sda1", "8:1");
  sysfs.add_mapped("dm-0", "253:0");
  sysfs.put_below("dm-0", "sda1", "devices/pci/block/sda/sda1");
  sysfs.put_below("dm-0", "sdb", "devices/pci/block/sdb");
  const auto devices = read_block_devices(sysfs.paths(), {253, 0});
  REQUIRE(devices);
  CHECK(names(*devices) == std::vector<std::string>{"dm-0", "sda1", "sdb", "sda"});
  CHECK(devices->front().dm_name == "vg-dm-0");
  CHECK(devices->front().rotational == false);
  CHECK(devices->front().parents == std::vector<std::string>{"sda1", "sdb"});
}

TEST_CASE("a multipath device has all its paths as parents") {
  FakeSysfs sysfs;
  sysfs.add_disk("sda", "8:0");
  sysfs.add_disk("sdb", "8:16");
  sysfs.add_mapped("dm-0", "253:0");  // of multipathd
  sysfs.add_mapped("dm-1", "253:1");  // a partition, as kpartx makes it
  sysfs.put_below("dm-0", "sda", "devices/pci/block/sda");
  sysfs.put_below("dm-0", "sdb", "devices/pci/block/sdb");
  sysfs.put_below("dm-1", "dm-0", "devices/virtual/block/dm-0");
  const auto devices = read_block_devices(sysfs.paths(), {253, 1});
  REQUIRE(devices);
  CHECK(names(*devices) == std::vector<std::string>{"dm-1", "dm-0", "sda", "sdb"});
  CHECK((*devices)[1].parents == std::vector<std::string>{"sda", "sdb"});
  CHECK_FALSE(devices->front().is_partition);
}

TEST_CASE("a cycle of devices ends") {
  FakeSysfs sysfs;
  sysfs.add_mapped("dm-0", "253:0");
  sysfs.add_mapped("dm-1", "253:1");
  sysfs.put_below("dm-0", "dm-1", "devices/virtual/block/dm-1");
  sysfs.put_below("dm-1", "dm-0", "devices/virtual/block/dm-0");
  const auto devices = read_block_devices(sysfs.paths(), {253, 0});
  REQUIRE(devices);
  CHECK(devices->size() == 2);
}

TEST_CASE("a long chain of devices is cut off") {
  FakeSysfs sysfs;
  for (int i = 0; i < 100; ++i) {
    sysfs.add_mapped("dm-" + std::to_string(i), "253:" + std::to_string(i));
  }
  for (int i = 0; i < 99; ++i) {
    const std::string below = "dm-" + std::to_string(i + 1);
    sysfs.put_below("dm-" + std::to_string(i), below, "devices/virtual/block/" + below);
  }
  CHECK(read_block_devices(sysfs.paths(), {253, 0})->size() == 64);
}

TEST_CASE("an unreadable parent is named but left out of the list") {
  FakeSysfs sysfs;
  sysfs.add_mapped("dm-0", "253:0");
  sysfs.put_below("dm-0", "gone", "devices/nowhere");
  const auto devices = read_block_devices(sysfs.paths(), {253, 0});
  REQUIRE(devices);
  CHECK(devices->size() == 1);
  CHECK(devices->front().parents == std::vector<std::string>{"gone"});
}

TEST_CASE("an anonymous or unknown device number is not found") {
  const FakeSysfs sysfs;
  CHECK(read_block_device(sysfs.paths(), {0, 35}).error().kind == ErrorKind::kNotFound);
  CHECK(read_block_devices(sysfs.paths(), {8, 99}).error().kind == ErrorKind::kNotFound);
}

TEST_CASE("the name of a device is found by its number") {
  FakeSysfs sysfs;
  sysfs.add_disk("cciss!c0d0", "104:0");
  const auto name = read_block_device_name(sysfs.paths(), {104, 0});
  REQUIRE(name);
  CHECK(*name == "cciss/c0d0");
  const auto none = read_block_device_name(sysfs.paths(), {104, 1});
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == ErrorKind::kNotFound);
}

TEST_CASE("a loop device has the file it was set up on, unless that was deleted") {
  test::FakeSysfs sysfs;
  sysfs.add_loop("loop0", "7:0", "/srv/images/pg data.img");
  sysfs.add_loop("loop1", "7:1", "/srv/images/old.img (deleted)");
  sysfs.add_loop("loop2", "7:2", "");
  CHECK(read_block_device(sysfs.paths(), {7, 0})->backing_file == "/srv/images/pg data.img");
  CHECK_FALSE(read_block_device(sysfs.paths(), {7, 1})->backing_file);
  CHECK_FALSE(read_block_device(sysfs.paths(), {7, 2})->backing_file);
}

TEST_CASE("the parents of an NVMe disk are its hidden paths, which have no number") {
  test::FakeSysfs sysfs;
  sysfs.add_multipath_nvme("259:1");
  sysfs.add_nvme_partition("259:2");
  const auto devices = read_block_devices(sysfs.paths(), {259, 2});
  REQUIRE(devices);
  REQUIRE(devices->size() == 4);
  CHECK(devices->at(0).name == "nvme0n1p1");
  CHECK(devices->at(0).parents == std::vector<std::string>{"nvme0n1"});
  CHECK(devices->at(1).parents == std::vector<std::string>{"nvme0c0n1", "nvme0c1n1"});
  CHECK(devices->at(0).hidden_paths == devices->at(1).hidden_paths);
  CHECK(devices->at(2).name == "nvme0c0n1");
  CHECK(devices->at(3).name == "nvme0c1n1");
  CHECK(devices->at(3).number == DeviceNumber{});
}

TEST_CASE("a partition is distinguished from a disk") {
  FakeSysfs sysfs;
  sysfs.add_disk("sda", "8:0");
  sysfs.add_partition("sda", "sda1", "8:1");
  CHECK_FALSE(read_block_device(sysfs.paths(), {8, 0})->is_partition);
  CHECK(read_block_device(sysfs.paths(), {8, 1})->is_partition);
}

}  // namespace
}  // namespace volumeter::block_devices_test
