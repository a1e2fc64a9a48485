// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "exporter/sources/interface/host_paths.h"
#include "tests/support/temp_folder.h"

namespace volumeter::test {

// A sysfs directory to which devices are added.
class FakeSysfs {
 public:
  void add_disk(const std::string& name, const std::string& number) {
    add("devices/pci/block/" + name, number);
    folder_.write("devices/pci/block/" + name + "/queue/rotational", "1\n");
    folder_.write("devices/pci/block/" + name + "/device/model", "ST4000DM004-2CV1   \n");
  }

  void add_partition(const std::string& disk, const std::string& name, const std::string& number) {
    add("devices/pci/block/" + disk + "/" + name, number);
    folder_.write("devices/pci/block/" + disk + "/" + name + "/partition", "1\n");
  }

  void add_mapped(const std::string& name, const std::string& number) {
    add("devices/virtual/block/" + name, number);
    folder_.write("devices/virtual/block/" + name + "/dm/name", "vg-" + name + "\n");
    folder_.write("devices/virtual/block/" + name + "/queue/rotational", "0\n");
    folder_.make_folder("devices/virtual/block/" + name + "/slaves");
  }

  void put_below(const std::string& name, const std::string& slave, const std::string& folder) {
    link("devices/virtual/block/" + name + "/slaves/", slave, folder);
  }

  // Adds a device `name` of a btrfs, whose sysfs directory is `folder`.
  void add_to_btrfs(const std::string& uuid, const std::string& name, const std::string& folder) {
    link("fs/btrfs/" + uuid + "/devices/", name, folder);
  }

  // Adds the `index`th device of a bcachefs.
  void add_to_bcachefs(const std::string& uuid, const std::string& index,
                       const std::string& folder) {
    link("fs/bcachefs/" + uuid + "/dev-" + index + "/", "block", folder);
  }

  void add_loop(const std::string& name, const std::string& number, const std::string& file) {
    add("devices/virtual/block/" + name, number);
    folder_.write("devices/virtual/block/" + name + "/loop/backing_file", file + "\n");
  }

  // An NVMe disk with two paths, which have no number.
  void add_multipath_nvme(const std::string& number) {
    add("devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", number);
    for (const char* path : {"nvme0c0n1", "nvme0c1n1", "nvme1c0n1"}) {
      folder_.make_folder("devices/pci/nvme/" + std::string(path));
      link("class/block/", path, "devices/pci/nvme/" + std::string(path));
    }
  }

  void add_nvme_partition(const std::string& number) {
    add("devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1", number);
    folder_.write("devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1/partition", "1\n");
  }

  HostPaths paths() const {
    return {.procfs = folder_ / "proc", .sysfs = folder_.path(), .rootfs = folder_.path()};
  }

  const TempFolder& folder() const { return folder_; }

 private:
  void add(const std::string& folder, const std::string& number) {
    folder_.write(folder + "/dev", number + "\n");
    folder_.make_folder("dev/block/");
    REQUIRE(::symlink(("../../" + folder).c_str(), (folder_ / ("dev/block/" + number)).c_str()) ==
            0);
    link("class/block/", folder.substr(folder.rfind('/') + 1), folder);
  }

  void link(const std::string& from, const std::string& name, const std::string& folder) {
    folder_.make_folder(from);
    REQUIRE(::symlink((folder_ / folder).c_str(), (folder_ / (from + name)).c_str()) == 0);
  }

  TempFolder folder_;
};

}  // namespace volumeter::test
