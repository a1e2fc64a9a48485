// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "exporter/model/filesystem_index.h"
#include "exporter/model/inventory.h"
#include "exporter/sources/kernel/block_device.h"

namespace volumeter {

// Lists the block devices below the filesystems of an inventory, each once, down to the disks.
class DeviceIndex {
 public:
  // All block devices below a filesystem; a device may come twice.
  using DevicesBelow = std::function<std::vector<BlockDevice>(const Mount& mount)>;

  // All must outlive the index.
  DeviceIndex(FilesystemIndex& filesystems, Inventory& inventory, const DevicesBelow& devices_below)
      : filesystems_(filesystems), inventory_(inventory), devices_below_(devices_below) {}

  // For all filesystems that are listed. Lists those that hold files under loop devices as well.
  void list_all();

  // Into inventory.devices.
  std::size_t index_of(const BlockDevice& device);

 private:
  void list_own(std::size_t filesystem);
  void find_backing(std::size_t device, const std::string& file);
  void list_below_files(std::vector<std::size_t>& devices);
  void add_parents(std::size_t device, const std::vector<std::size_t>& below);
  std::vector<std::size_t> top_devices(const std::vector<std::size_t>& devices) const;

  FilesystemIndex& filesystems_;
  Inventory& inventory_;
  const DevicesBelow& devices_below_;
  // By label: two names that look alike once repaired would be one series twice.
  std::map<Label, std::size_t> by_name_;
  std::map<std::size_t, std::size_t> backing_;  // filesystem of the file below a device
};

}  // namespace volumeter
