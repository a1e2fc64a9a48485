// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/device_index.h"

#include <algorithm>
#include <set>
#include <utility>

namespace volumeter {
namespace {

template <typename T>
void add_once(std::vector<T>& all, const T& one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

}  // namespace

void DeviceIndex::list_all() {
  // Grows: under a loop device lies a file of another filesystem.
  for (std::size_t i = 0; i < inventory_.filesystems.size(); ++i) list_own(i);
  for (FilesystemFacts& facts : inventory_.filesystems) list_below_files(facts.devices);
}

void DeviceIndex::list_own(std::size_t filesystem) {
  const Mount& mount = filesystems_.mount(filesystem);
  std::vector<std::size_t> below;
  for (const BlockDevice& device : devices_below_(mount)) {
    const std::size_t index = index_of(device);
    add_once(below, index);
    if (device.backing_file) find_backing(index, *device.backing_file);
  }
  const std::size_t members = top_devices(below).size();
  FilesystemFacts& facts = inventory_.filesystems[filesystem];
  facts.has_more_devices = members > 1 || !mount.more_devices.empty();
  facts.lacks_devices = members < 1 + mount.more_devices.size();
  facts.devices = std::move(below);
}

// loop0 -> /srv/images/pg.img -> the filesystem that holds the file: it can be full.
void DeviceIndex::find_backing(std::size_t device, const std::string& file) {
  if (backing_.contains(device)) return;
  if (const auto filesystem = filesystems_.index_of(file)) backing_.emplace(device, *filesystem);
}

void DeviceIndex::list_below_files(std::vector<std::size_t>& devices) {
  for (std::size_t i = 0; i < devices.size(); ++i) {  // grows
    const auto backing = backing_.find(devices[i]);
    if (backing == backing_.end()) continue;
    const std::vector<std::size_t> below = inventory_.filesystems[backing->second].devices;
    add_parents(devices[i], below);
    for (const std::size_t device : below) add_once(devices, device);
  }
}

void DeviceIndex::add_parents(std::size_t device, const std::vector<std::size_t>& below) {
  for (const std::size_t top : top_devices(below)) {
    if (top != device) add_once(inventory_.devices[device].parents, inventory_.devices[top].name);
  }
}

// Those that none of the others lies on: members of the filesystem itself.
std::vector<std::size_t> DeviceIndex::top_devices(const std::vector<std::size_t>& devices) const {
  std::set<Label> parents;
  for (const std::size_t device : devices) {
    const auto& names = inventory_.devices[device].parents;
    parents.insert(names.begin(), names.end());
  }
  std::vector<std::size_t> tops;
  for (const std::size_t device : devices) {
    if (!parents.contains(inventory_.devices[device].name)) tops.push_back(device);
  }
  return tops;
}

std::size_t DeviceIndex::index_of(const BlockDevice& device) {
  const auto [found, is_new] = by_name_.try_emplace(Label(device.name), inventory_.devices.size());
  if (!is_new) return found->second;
  DeviceFacts facts{.block = device,
                    .name = found->first,
                    .major = Label(std::to_string(device.number.major)),
                    .minor = Label(std::to_string(device.number.minor)),
                    .model = Label(device.model.value_or("")),
                    .dm_name = Label(device.dm_name.value_or("")),
                    .parents = {}};
  for (const auto& parent : device.parents) facts.parents.emplace_back(parent);
  inventory_.devices.push_back(std::move(facts));
  return found->second;
}

}  // namespace volumeter
