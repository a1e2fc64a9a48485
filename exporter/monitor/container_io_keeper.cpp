// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/container_io_keeper.h"

#include <set>
#include <utility>

namespace volumeter {
namespace {

// The disks below filesystems with Docker data; cgroups count per disk, not per partition.
std::vector<DeviceIo> disks_of(const Inventory& inventory) {
  std::vector<DeviceIo> disks;
  for (const DeviceFacts& device : inventory.devices) {
    // The hidden paths of an NVMe disk have no number.
    if (device.block.is_partition || device.block.number == DeviceNumber{}) continue;
    disks.push_back({.number = device.block.number, .name = device.name});
  }
  return disks;
}

// The indexes of running containers. Of two with the same name, which no engine allows, only the
// first is used: the second would be a duplicate series.
std::vector<std::size_t> running(const std::vector<ContainerFacts>& containers) {
  std::vector<std::size_t> found;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < containers.size(); ++i) {
    if (containers[i].pid && names.insert(containers[i].name.escaped()).second) {
      found.push_back(i);
    }
  }
  return found;
}

}  // namespace

std::vector<std::optional<ContainerIo>> ContainerIoKeeper::read(const Inventory& inventory,
                                                                const MountList& mounts) {
  const auto& containers = inventory.containers;
  const auto indexes = running(containers);
  std::vector<ContainerProcess> processes;
  processes.reserve(indexes.size());
  for (const std::size_t i : indexes) {
    processes.push_back({containers[i].id.escaped(), *containers[i].pid});
  }
  const auto disks = disks_of(inventory);
  std::vector<std::optional<ContainerIo>> all(containers.size());

  const std::lock_guard lock(mutex_);
  const SteadyTime now = host_.steady_now();
  auto seen = reader_.read(processes, mounts);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) continue;
    const std::string& name = containers[indexes[i]].name.escaped();
    all[indexes[i]] = totals_.carried(name, std::move(*seen[i]), disks, now);
  }
  totals_.forget_gone(containers, now);
  return all;
}

SourceHealth ContainerIoKeeper::health() const {
  const std::lock_guard lock(mutex_);
  return reader_.health();
}

}  // namespace volumeter
