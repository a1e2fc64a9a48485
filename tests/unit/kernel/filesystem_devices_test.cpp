// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/filesystem_devices.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_sysfs.h"

namespace volumeter::filesystem_devices_test {
namespace {

using Names = std::vector<std::string>;

Mount mounted(const std::string& fstype, const std::string& source, DeviceNumber number) {
  Mount mount;
  mount.fstype = fstype;
  mount.source = source;
  mount.device = number;
  return mount;
}

Names names_below(const test::FakeSysfs& sysfs, const Mount& mount) {
  Names names;
  for (const auto& device : read_devices_below(sysfs.paths(), mount)) names.push_back(device.name);
  return names;
}

TEST_CASE("the device of a filesystem is found by its number, not by its source") {
  test::FakeSysfs sysfs;
  sysfs.add_disk("vda", "254:0");
  sysfs.add_partition("vda", "vda1", "254:1");
  CHECK(names_below(sysfs, mounted("ext4", "/dev/root", {254, 1})) == Names{"vda1", "vda"});
}

TEST_CASE("the device of a btrfs is found by its mount source") {
  test::FakeSysfs sysfs;
  sysfs.add_disk("vda", "254:0");
  sysfs.add_partition("vda", "vda3", "254:3");
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/vda3", {0, 31})) == Names{"vda3", "vda"});
}

TEST_CASE("all devices of a btrfs are found by one of them") {
  test::FakeSysfs sysfs;
  for (const char* disk : {"sda", "sdb", "sdc"}) {
    sysfs.add_disk(disk, "8:" + std::to_string((disk[2] - 'a') * 16));
  }
  sysfs.add_to_btrfs("3f1c", "sda", "devices/pci/block/sda");
  sysfs.add_to_btrfs("9a77", "sdb", "devices/pci/block/sdb");
  sysfs.add_to_btrfs("9a77", "sdc", "devices/pci/block/sdc");
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/sdc", {0, 31})) == Names{"sdb", "sdc"});
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/sda", {0, 40})) == Names{"sda"});
}

TEST_CASE("the device of a btrfs is found by its device-mapper name") {
  test::FakeSysfs sysfs;
  sysfs.add_mapped("dm-0", "253:0");
  sysfs.add_mapped("dm-1", "253:1");
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/mapper/vg-dm-1", {0, 31})) == Names{"dm-1"});
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/dm-0", {0, 31})) == Names{"dm-0"});
}

TEST_CASE("the device of a btrfs is found if its name has a slash") {
  test::FakeSysfs sysfs;
  sysfs.add_disk("cciss!c0d0", "104:0");
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/cciss/c0d0", {0, 31})) == Names{"cciss/c0d0"});
}

TEST_CASE("a source that is no device of this host has no devices") {
  test::FakeSysfs sysfs;
  sysfs.add_disk("vda", "254:0");
  for (const char* source : {"", "/", "/dev/", "/dev/.", "/dev/..", "/dev/../vda", "/dev/gone",
                             "vda", "/dev/mapper/", "/dev/mapper/gone"}) {
    CAPTURE(source);
    CHECK(names_below(sysfs, mounted("btrfs", source, {0, 31})).empty());
  }
  CHECK(names_below(sysfs, mounted("tmpfs", "/dev/vda", {0, 31})).empty());
  CHECK(names_below(sysfs, mounted("zfs", "tank/docker", {0, 31})).empty());
}

}  // namespace
}  // namespace volumeter::filesystem_devices_test
