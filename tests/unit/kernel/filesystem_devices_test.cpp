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

TEST_CASE("all devices of a btrfs are found by whatever name it was mounted") {
  test::FakeSysfs sysfs;
  sysfs.add_mapped("dm-0", "253:0");  // "vg-dm-0"
  sysfs.add_disk("sda", "8:0");
  sysfs.add_disk("sdb", "8:16");
  sysfs.add_disk("sdc", "8:32");
  sysfs.add_to_btrfs("5f8a-11", "sda", "devices/pci/block/sda");
  sysfs.add_to_btrfs("5f8a-11", "sdb", "devices/pci/block/sdb");
  sysfs.add_to_btrfs("77c1-22", "sdc", "devices/pci/block/sdc");
  sysfs.add_to_btrfs("9a77-33", "dm-0", "devices/virtual/block/dm-0");
  const Names both{"sda", "sdb"};
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/disk/by-uuid/5f8a-11", {0, 31})) == both);
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/vg/dm--0", {0, 31})).empty());
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/vg/dm/0", {0, 31})).empty());
  sysfs.folder().write("devices/virtual/block/dm-0/dm/name", "vg--a-docker\n");
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/vg-a/docker", {0, 31})) == Names{"dm-0"});
  // Which of three it is only the kernel's command line says.
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/root", {0, 31})).empty());
  sysfs.folder().write("proc/cmdline", "root=UUID=5f8a-11 ro quiet\n");
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/root", {0, 31})) == both);
  sysfs.folder().write("proc/cmdline", "ro root=/dev/sdc\n");
  CHECK(names_below(sysfs, mounted("btrfs", "/dev/root", {0, 31})) == Names{"sdc"});
}

TEST_CASE("a host with one btrfs leaves no doubt whose devices they are") {
  test::FakeSysfs sysfs;
  sysfs.add_disk("sda", "8:0");
  sysfs.add_to_btrfs("5f8a", "sda", "devices/pci/block/sda");
  for (const char* source : {"/dev/root", "/dev/disk/by-label/docker", "/dev/vg0/docker"}) {
    CAPTURE(source);
    CHECK(names_below(sysfs, mounted("btrfs", source, {0, 31})) == Names{"sda"});
  }
  CHECK(names_below(sysfs, mounted("btrfs", "none", {0, 31})).empty());
}

TEST_CASE("all devices of a bcachefs are found, whichever the mount table has") {
  test::FakeSysfs sysfs;
  for (const char* disk : {"sda", "sdb", "sdc"}) {
    sysfs.add_disk(disk, "8:" + std::to_string((disk[2] - 'a') * 16));
  }
  sysfs.add_to_bcachefs("7d1c", "0", "devices/pci/block/sda");
  sysfs.add_to_bcachefs("7d1c", "2", "devices/pci/block/sdc");
  Mount mount = mounted("bcachefs", "/dev/sda:/dev/sdc", {8, 0});
  mount.more_devices = {"/dev/sdc"};
  CHECK(names_below(sysfs, mount) == Names{"sda", "sdc", "sda", "sdc"});
  CHECK(names_below(sysfs, mounted("bcachefs", "/dev/disk/by-uuid/7d1c", {0, 40})) ==
        Names{"sda", "sdc"});
}

TEST_CASE("a log device and a realtime device are found by their names") {
  test::FakeSysfs sysfs;
  sysfs.add_disk("sdb", "8:16");
  sysfs.add_disk("sdd", "8:48");
  sysfs.add_mapped("dm-0", "253:0");
  Mount mount = mounted("xfs", "/dev/sdb", {8, 16});
  mount.more_devices = {"/dev/sdd", "/dev/mapper/vg-dm-0", "/dev/gone", "../etc"};
  CHECK(names_below(sysfs, mount) == Names{"sdb", "sdd", "dm-0"});
}

TEST_CASE("a dataset of ZFS has no devices, even if its name is that of a device") {
  test::FakeSysfs sysfs;
  sysfs.add_disk("sda", "8:0");
  for (const char* source : {"tank/docker data", "tank/sda", "sda"}) {
    CAPTURE(source);
    CHECK(names_below(sysfs, mounted("zfs", source, {0, 41})).empty());
  }
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
