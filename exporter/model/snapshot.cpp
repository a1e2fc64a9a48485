// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/snapshot.h"

#include <algorithm>
#include <functional>

#include "exporter/model/mount_io_targets.h"
#include "exporter/model/size_targets.h"

namespace volumeter {
namespace {

template <typename Map>
const typename Map::mapped_type* find(const Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

// The reading of `item`, an element of `items`, in a list that is parallel to them. Null for a
// copy of an element, which has no index.
template <typename Item, typename Reading>
const Reading* parallel(const std::vector<Item>& items, const Item& item,
                        const std::vector<std::optional<Reading>>& readings) {
  const std::less<const Item*> is_before;
  if (is_before(&item, items.data()) || !is_before(&item, items.data() + items.size())) {
    return nullptr;
  }
  const auto index = static_cast<std::size_t>(&item - items.data());
  return index < readings.size() && readings[index] ? &*readings[index] : nullptr;
}

}  // namespace

const Sampled<FsUsage>* HostSnapshot::usage_of(const FilesystemFacts& filesystem) const {
  return find(*filesystems, filesystem.mount_point);
}

std::optional<std::uint64_t> HostSnapshot::errors_of(const FilesystemFacts& filesystem) const {
  const auto* errors = parallel(inventory->filesystems, filesystem, filesystem_errors);
  if (errors == nullptr) return {};
  return *errors;
}

const SizeReading* HostSnapshot::size_of(const VolumeFacts& volume) const {
  return is_unmounted(volume) ? nullptr : find(*sizes, volume.name);
}

bool HostSnapshot::is_unmounted(const VolumeFacts& volume) const {
  if (volume.unmounted) return true;
  if (!volume.may_be_unmounted) return false;
  const SizeReading* reading = find(*sizes, volume.name);
  if (reading == nullptr || !reading->space.value) return false;
  // The directory alone, or files without a byte in it: mount points and markers of the plugin.
  constexpr std::uint64_t kBytesOfDirectory = 4096;
  return reading->space.value->inodes == 1 ||
         reading->space.value->apparent_bytes == kBytesOfDirectory;
}

bool HostSnapshot::is_missing(const VolumeFacts& volume) const {
  const SizeReading* reading = find(*sizes, volume.name);
  return reading != nullptr && reading->space.error &&
         reading->space.error->kind == ErrorKind::kNotFound;
}

const SizeReading* HostSnapshot::size_of(const BindFacts& bind) const {
  return find(*sizes, size_key(bind));
}

const SizeReading* HostSnapshot::size_of(const MountFacts& tmpfs) const {
  return find(*sizes, size_key(inventory->containers[tmpfs.container], tmpfs));
}

const VolumeTimes* HostSnapshot::times_of(const VolumeFacts& volume) const {
  return find(*usage, volume.name);
}

const NfsStats* HostSnapshot::nfs_of(const VolumeFacts& volume) const {
  return parallel(inventory->volumes, volume, nfs);
}

const MountIo* HostSnapshot::io_of(const MountFacts& mount) const {
  return mount_io == nullptr ? nullptr : find(mount_io->mounts, mount_key(*inventory, mount));
}

const ContainerIo* HostSnapshot::io_of(const ContainerFacts& container) const {
  return parallel(inventory->containers, container, container_io);
}

// By name, too: the number may have gone to another device since the inventory was built.
const DiskStats* HostSnapshot::stats_of(const DeviceFacts& device) const {
  const DiskStats* stats = disks->find(device.block.number, device.block.name);
  if (stats == nullptr || stats->has_worked()) return stats;
  // All zero because the kernel counts on the paths of the disk alone.
  for (const std::string& path : device.block.hidden_paths) {
    const DiskStats* of_path = disks->find(DeviceNumber{}, path);
    if (of_path != nullptr && of_path->has_worked()) return nullptr;
  }
  return stats;
}

// The hidden paths of an NVMe multipath disk share the number 0:0, which identifies none of them.
const DeviceLatency* HostSnapshot::latency_of(const DeviceFacts& device) const {
  if (device.block.number == DeviceNumber{}) return nullptr;
  const auto found = std::lower_bound(
      device_latency.begin(), device_latency.end(), device.block.number,
      [](const DeviceLatency& latency, DeviceNumber number) { return latency.number < number; });
  return found != device_latency.end() && found->number == device.block.number ? &*found : nullptr;
}

}  // namespace volumeter
