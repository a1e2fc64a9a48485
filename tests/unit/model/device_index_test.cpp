// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/device_index.h"

#include <catch2/catch.hpp>

namespace volumeter::device_index_test {
namespace {

using Names = std::vector<std::string>;

BlockDevice device(const std::string& name, DeviceNumber number, Names parents = {}) {
  BlockDevice made;
  made.name = name;
  made.number = number;
  made.parents = std::move(parents);
  return made;
}

BlockDevice loop(const std::string& name, DeviceNumber number, const std::string& file) {
  BlockDevice made = device(name, number);
  made.backing_file = file;
  return made;
}

// A host with filesystems of some paths and what lies below them.
struct Host {
  std::string mountinfo;
  std::map<DeviceNumber, std::vector<BlockDevice>> below;
  Inventory inventory;

  void list(const std::vector<std::string>& paths) {
    const MountList mounts(parse_mountinfo(mountinfo).items);
    FilesystemIndex filesystems(mounts, inventory);
    for (const std::string& path : paths) filesystems.index_of(path);
    const DeviceIndex::DevicesBelow devices_below = [&](const Mount& mount) {
      const auto found = below.find(mount.device);
      return found == below.end() ? std::vector<BlockDevice>{} : found->second;
    };
    DeviceIndex(filesystems, inventory, devices_below).list_all();
  }

  Names devices_of(std::size_t filesystem) const {
    Names names;
    for (const std::size_t one : inventory.filesystems.at(filesystem).devices) {
      names.push_back(inventory.devices.at(one).name.plain());
    }
    return names;
  }

  Names parents_of(const std::string& name) const {
    Names names;
    for (const DeviceFacts& facts : inventory.devices) {
      if (facts.name != Label(name)) continue;
      for (const Label& parent : facts.parents) names.push_back(parent.plain());
    }
    return names;
  }
};

constexpr const char* kRoot = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
const auto kSda1 = device("sda1", {8, 1}, {"sda"});
const auto kSda = device("sda", {8, 0});

TEST_CASE("below a loop device lies the filesystem of its file, which is listed, and its disks") {
  Host host;
  host.mountinfo = std::string(kRoot) + "2 1 7:0 / /data rw - ext4 /dev/loop0 rw\n";
  host.below = {{{8, 1}, {kSda1, kSda}}, {{7, 0}, {loop("loop0", {7, 0}, "/srv/pg.img")}}};
  host.list({"/data"});
  REQUIRE(host.inventory.filesystems.size() == 2);
  CHECK(host.inventory.filesystems[1].mount_point == "/");
  CHECK(host.devices_of(0) == Names{"loop0", "sda1", "sda"});
  CHECK(host.parents_of("loop0") == Names{"sda1"});
  CHECK_FALSE(host.inventory.filesystems[0].has_more_devices);
}

TEST_CASE("files within files are followed to the disk, and in a circle to an end") {
  Host host;
  host.mountinfo = std::string(kRoot) +
                   "2 1 7:0 / /a rw - ext4 /dev/loop0 rw\n"
                   "3 1 253:0 / /b rw - ext4 /dev/mapper/crypt rw\n";
  const auto crypt = device("dm-0", {253, 0}, {"loop1"});
  host.below = {{{8, 1}, {kSda1, kSda}},
                {{7, 0}, {loop("loop0", {7, 0}, "/b/inner.img")}},
                {{253, 0}, {crypt, loop("loop1", {7, 1}, "/outer.img")}}};
  host.list({"/a"});
  CHECK(host.devices_of(0) == Names{"loop0", "dm-0", "loop1", "sda1", "sda"});
  CHECK(host.parents_of("loop0") == Names{"dm-0"});
  CHECK(host.parents_of("loop1") == Names{"sda1"});

  Host circle;
  circle.mountinfo = host.mountinfo;
  circle.below = {{{7, 0}, {loop("loop0", {7, 0}, "/b/x")}},
                  {{253, 0}, {crypt, loop("loop1", {7, 1}, "/a/y")}}};
  circle.list({"/a"});
  CHECK(circle.devices_of(0) == Names{"loop0", "dm-0", "loop1"});
}

TEST_CASE("a file of a filesystem without devices has none below it") {
  Host host;
  host.mountinfo = std::string(kRoot) +
                   "2 1 7:0 / /data rw - ext4 /dev/loop0 rw\n"
                   "3 1 0:40 / /nas rw - nfs nas:/images rw\n";
  host.below = {{{7, 0}, {loop("loop0", {7, 0}, "/nas/pg.img")}}};
  host.list({"/data"});
  CHECK(host.devices_of(0) == Names{"loop0"});
  CHECK(host.parents_of("loop0").empty());
}

TEST_CASE("a filesystem has more devices if it has several members or names others") {
  Host host;
  host.mountinfo =
      "1 0 0:31 / / rw - btrfs /dev/sda rw\n"
      "2 1 8:32 / /xfs rw - xfs /dev/sdc rw,logdev=/dev/sdd\n"
      "3 1 253:0 / /lvm rw - ext4 /dev/mapper/vg-lv rw\n"
      "4 1 8:80 / /lost rw - xfs /dev/sdf rw,rtdev=/dev/gone\n";
  host.below = {
      {{0, 31}, {device("sda", {8, 0}), device("sdb", {8, 16})}},
      {{8, 32}, {device("sdc", {8, 32}), device("sdd", {8, 48})}},
      {{253, 0},
       {device("dm-0", {253, 0}, {"sde", "sdg"}), device("sde", {8, 64}), device("sdg", {8, 96})}},
      {{8, 80}, {device("sdf", {8, 80})}}};
  host.list({"/", "/xfs", "/lvm", "/lost"});
  const auto& facts = host.inventory.filesystems;
  REQUIRE(facts.size() == 4);
  CHECK((facts[0].has_more_devices && !facts[0].lacks_devices));
  CHECK((facts[1].has_more_devices && !facts[1].lacks_devices));
  CHECK((!facts[2].has_more_devices && !facts[2].lacks_devices));
  CHECK((facts[3].has_more_devices && facts[3].lacks_devices));
}

}  // namespace
}  // namespace volumeter::device_index_test
