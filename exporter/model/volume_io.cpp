// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_io.h"

#include <algorithm>
#include <utility>

namespace volumeter {
namespace {

using DiskNumber = std::pair<unsigned, unsigned>;

const MountIo kNothingDone;

// Finds the source of each volume; the questions it puts to the inventory, once.
class Sources {
 public:
  explicit Sources(const HostSnapshot& host)
      : host_(host), inventory_(*host.inventory), users_(inventory_.filesystems.size(), 0) {
    for (const VolumeFacts& volume : inventory_.volumes) {
      if (volume.filesystem) ++users_[*volume.filesystem];
    }
    for (const MountFacts& mount : inventory_.mounts) {
      if (mount.filesystem && !mount.data_volume) ++users_[*mount.filesystem];
    }
    containers_of_.resize(inventory_.volumes.size());
    for (const MountFacts& mount : inventory_.mounts) {
      if (!mount.data_volume || !inventory_.containers[mount.container].pid) continue;
      auto& containers = containers_of_[*mount.data_volume];
      if (containers.empty() || containers.back() != mount.container) {
        containers.push_back(mount.container);
      }
    }
  }

  std::optional<VolumeIo> io_of(std::size_t volume) const {
    if (auto io = counted(volume)) return io;
    if (was_counted(volume)) return VolumeIo{};
    if (auto io = of_nfs(volume)) return io;
    if (auto io = of_device(volume)) return io;
    if (auto io = of_container(volume)) return io;
    if (inventory_.volumes[volume].containers.running == 0) return {};
    return VolumeIo{};
  }

 private:
  std::optional<VolumeIo> counted(std::size_t volume) const {
    const std::string& name = inventory_.volumes[volume].name;
    if (host_.mount_io == nullptr || host_.mount_io->uncounted_volumes.contains(name)) return {};
    const auto found = host_.mount_io->volumes.find(name);
    const MountIo& io = found == host_.mount_io->volumes.end() ? kNothingDone : found->second;
    return VolumeIo{.source = IoSource::kEbpf,
                    .reads = io.reads.operations,
                    .writes = io.writes.operations,
                    .read_bytes = io.reads.bytes,
                    .written_bytes = io.writes.bytes,
                    .counted = &io};
  }

  // What else counts it counts since another time: to go there and back, as when a container ends
  // before it could be watched, would look like much I/O. No number for a while does not.
  bool was_counted(std::size_t volume) const {
    return host_.mount_io != nullptr &&
           host_.mount_io->volumes.contains(inventory_.volumes[volume].name);
  }

  std::optional<VolumeIo> of_nfs(std::size_t volume) const {
    if (volume >= host_.nfs.size() || !host_.nfs[volume]) return {};
    const NfsStats& stats = *host_.nfs[volume];
    VolumeIo io{.source = IoSource::kNfs};
    if (const auto* read = stats.operation("READ")) io.reads = read->completed;
    if (const auto* write = stats.operation("WRITE")) io.writes = write->completed;
    if (stats.bytes) {
      io.read_bytes = stats.bytes->server_read;
      io.written_bytes = stats.bytes->server_written;
    }
    return io;
  }

  // A filesystem that holds this volume and nothing else.
  std::optional<VolumeIo> of_device(std::size_t volume) const {
    const VolumeFacts& facts = inventory_.volumes[volume];
    if (!facts.is_whole_filesystem || users_[*facts.filesystem] != 1) return {};
    const DeviceFacts* device = own_device(*facts.filesystem);
    const DiskStats* disk = device == nullptr
                                ? nullptr
                                : host_.disks->find(device->number.first, device->number.second);
    if (disk == nullptr) return {};
    return VolumeIo{.source = IoSource::kDevice,
                    .reads = disk->reads.completed,
                    .writes = disk->writes.completed,
                    .read_bytes = disk->reads.bytes,
                    .written_bytes = disk->writes.bytes};
  }

  // The only container that has it, if that has nothing else on the same disk. With several,
  // their sum would go back when one of them goes.
  std::optional<VolumeIo> of_container(std::size_t volume) const {
    const auto& containers = containers_of_[volume];
    const auto& filesystem = inventory_.volumes[volume].filesystem;
    if (containers.size() != 1 || !filesystem) return {};
    const std::size_t container = containers.front();
    const auto disk = disk_of(*filesystem);
    if (container >= host_.container_io.size() || !host_.container_io[container]) return {};
    if (!disk || has_more_on(*disk, container, volume)) return {};
    const ContainerIo& io = *host_.container_io[container];
    const auto found = std::find_if(io.devices.begin(), io.devices.end(),
                                    [&](const DeviceIo& one) { return one.number() == *disk; });
    if (found == io.devices.end() && !io.lists_all) return {};
    const DeviceIo done = found == io.devices.end() ? DeviceIo{} : *found;
    return VolumeIo{.source = IoSource::kCgroup,
                    .reads = done.reads,
                    .writes = done.writes,
                    .read_bytes = done.read_bytes,
                    .written_bytes = done.written_bytes};
  }

  // A mount that lies nobody knows where may lie there.
  bool has_more_on(DiskNumber disk, std::size_t container, std::size_t volume) const {
    return std::any_of(inventory_.mounts.begin(), inventory_.mounts.end(),
                       [&](const MountFacts& mount) {
                         if (mount.container != container || mount.kind == MountKind::kTmpfs)
                           return false;
                         if (mount.data_volume == volume) return false;
                         if (!mount.filesystem) return true;
                         const auto other = disk_of(*mount.filesystem);
                         return !other || *other == disk;
                       });
  }

  // The device that a filesystem is mounted from; null if it has none of its own number, as
  // btrfs, of which several devices may be one filesystem.
  const DeviceFacts* own_device(std::size_t filesystem) const {
    const FilesystemFacts& facts = inventory_.filesystems[filesystem];
    if (facts.devices.empty()) return nullptr;
    const DeviceFacts& device = inventory_.devices[facts.devices.front()];
    return device.major == facts.major && device.minor == facts.minor ? &device : nullptr;
  }

  // The same, or the disk if it is a partition: cgroups count by disk.
  std::optional<DiskNumber> disk_of(std::size_t filesystem) const {
    const DeviceFacts* device = own_device(filesystem);
    if (device == nullptr) return {};
    if (!device->is_partition) return device->number;
    for (const DeviceFacts& other : inventory_.devices) {
      if (!device->parents.empty() && other.name == device->parents.front()) return other.number;
    }
    return {};
  }

  const HostSnapshot& host_;
  const Inventory& inventory_;
  std::vector<std::size_t> users_;                       // by filesystem: volumes, other mounts
  std::vector<std::vector<std::size_t>> containers_of_;  // by volume: those that run, once each
};

}  // namespace

std::vector<std::optional<VolumeIo>> volume_io(const HostSnapshot& host) {
  const Sources sources(host);
  std::vector<std::optional<VolumeIo>> all;
  for (std::size_t i = 0; i < host.inventory->volumes.size(); ++i) all.push_back(sources.io_of(i));
  return all;
}

}  // namespace volumeter
