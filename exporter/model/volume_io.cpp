// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_io.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace volumeter {
namespace {

const MountIo kNothingDone;

// Filesystems without a disk of this host.
constexpr std::string_view kDisklessFilesystems[] = {"tmpfs", "nfs", "nfs4"};

bool is_diskless(const FilesystemFacts& facts) {
  return std::find(std::begin(kDisklessFilesystems), std::end(kDisklessFilesystems),
                   facts.fstype.escaped()) != std::end(kDisklessFilesystems);
}

// Finds the counters that include the I/O of a volume and nothing else.
class IoSourceFinder {
 public:
  explicit IoSourceFinder(const HostSnapshot& host)
      : host_(host),
        inventory_(*host.inventory),
        users_(inventory_.filesystems.size(), 0),
        containers_of_(inventory_.volumes.size()) {
    if (inventory_.engine && inventory_.engine->filesystem)
      ++users_[*inventory_.engine->filesystem];
    for (const VolumeFacts& volume : inventory_.volumes) {
      if (volume.filesystem) ++users_[*volume.filesystem];
    }
    for (const MountFacts& mount : inventory_.mounts) {
      if (mount.filesystem && !mount.data_volume) ++users_[*mount.filesystem];
      if (!mount.data_volume || !inventory_.containers[mount.container].pid) continue;
      auto& containers = containers_of_[*mount.data_volume];
      if (containers.empty() || containers.back() != mount.container) {
        containers.push_back(mount.container);
      }
    }
  }

  std::optional<VolumeIo> io_of(std::size_t volume) const {
    if (is_counted(volume)) return counted(volume);
    if (was_counted(volume)) return VolumeIo{};
    if (auto io = of_nfs(volume)) return io;
    if (auto io = of_device(volume)) return io;
    if (auto io = of_container(volume)) return io;
    if (inventory_.volumes[volume].containers.running == 0) return {};
    return VolumeIo{};
  }

 private:
  bool is_counted(std::size_t volume) const {
    return host_.mount_io != nullptr &&
           !host_.mount_io->uncounted_volumes.contains(inventory_.volumes[volume].name);
  }

  // Nothing for a volume that was never used: some hosts have thousands of them, all zero.
  std::optional<VolumeIo> counted(std::size_t volume) const {
    const auto found = host_.mount_io->volumes.find(inventory_.volumes[volume].name);
    const bool was_used = found != host_.mount_io->volumes.end();
    if (!was_used && inventory_.volumes[volume].containers.running == 0) return {};
    const MountIo& io = was_used ? found->second : kNothingDone;
    return VolumeIo{.source = IoSource::kEbpf,
                    .reads = io.reads.operations,
                    .writes = io.writes.operations,
                    .read_bytes = io.reads.bytes,
                    .written_bytes = io.writes.bytes,
                    .counted = &io};
  }

  // Other sources count from another start: switching to one and back, as when a container ends
  // before it could be watched, would look like a burst of I/O. An absent series does not.
  bool was_counted(std::size_t volume) const {
    return host_.mount_io != nullptr &&
           host_.mount_io->volumes.contains(inventory_.volumes[volume].name);
  }

  std::optional<VolumeIo> of_nfs(std::size_t volume) const {
    const NfsStats* counters = host_.nfs_of(inventory_.volumes[volume]);
    if (counters == nullptr) return {};
    const NfsStats& stats = *counters;
    VolumeIo io{.source = IoSource::kNfs};
    const auto& mount = inventory_.volumes[volume].nfs_mount;
    if (mount) io.counter = mount->mount_point;
    if (const auto* read = stats.operation("READ")) {
      io.reads = read->completed;
      // The requests for data of NFS 4.2: Debian's Linux 6.12 sends no other.
      if (const auto* plus = stats.operation("READ_PLUS")) *io.reads += plus->completed;
    }
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
    if (!facts.is_whole_filesystem || !facts.filesystem) return {};
    if (users_[*facts.filesystem] != 1 || is_below_another(*facts.filesystem)) return {};
    const DeviceFacts* device = own_device(inventory_.filesystems[*facts.filesystem]);
    const DiskStats* disk = device == nullptr ? nullptr : host_.stats_of(*device);
    if (disk == nullptr) return {};
    return VolumeIo{.source = IoSource::kDevice,
                    .reads = disk->reads.completed,
                    .writes = disk->writes.completed,
                    .read_bytes = disk->reads.bytes,
                    .written_bytes = disk->writes.bytes,
                    .counter = disk->name + " " + to_string(disk->number)};
  }

  // Whether another filesystem lies in a file of this one, by a loop device.
  bool is_below_another(std::size_t filesystem) const {
    const auto& own = inventory_.filesystems[filesystem].devices;
    if (own.empty()) return false;
    for (std::size_t i = 0; i < inventory_.filesystems.size(); ++i) {
      const auto& others = inventory_.filesystems[i].devices;
      if (i != filesystem && std::find(others.begin(), others.end(), own.front()) != others.end()) {
        return true;
      }
    }
    return false;
  }

  // The only container that mounts it, if that has no other data on the disk: the sum of several
  // would decrease when one of them is removed. Only of this run: in an earlier one the container
  // may have had other volumes.
  std::optional<VolumeIo> of_container(std::size_t volume) const {
    const auto disk = disk_of(volume);
    const auto container = only_container(volume);
    if (!disk || !container || has_more_on(*disk, *container, volume)) return {};
    const ContainerIo& io = *host_.io_of(inventory_.containers[*container]);
    const auto found = std::find_if(io.run_devices.begin(), io.run_devices.end(),
                                    [&](const DeviceIo& one) { return one.number == *disk; });
    if (found == io.run_devices.end() && !io.lists_all) return {};
    const DeviceIo done = found == io.run_devices.end() ? DeviceIo{} : *found;
    const ContainerFacts& facts = inventory_.containers[*container];
    VolumeIo result{.source = IoSource::kCgroup,
                    .reads = done.reads,
                    .read_bytes = done.read_bytes,
                    .counter = facts.id.plain() + " " + std::to_string(facts.pid.value_or(0)) +
                               " " + to_string(*disk)};
    if (io.counts_writeback && charges_writeback(volume)) {
      result.writes = done.writes;
      result.written_bytes = done.written_bytes;
    }
    return result;
  }

  // Other filesystems charge writeback to the root cgroup (no SB_I_CGROUPWB in the kernel).
  bool charges_writeback(std::size_t volume) const {
    const auto& filesystem = inventory_.volumes[volume].filesystem;
    if (!filesystem) return false;
    const std::string& fstype = inventory_.filesystems[*filesystem].fstype.escaped();
    for (const char* known : {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"}) {
      if (fstype == known) return true;
    }
    return false;
  }

  // Only if its cgroup is known. The volume's count of running containers includes those that
  // mount a parent directory and those not inspected yet.
  std::optional<std::size_t> only_container(std::size_t volume) const {
    const auto& containers = containers_of_[volume];
    if (containers.size() != 1 || inventory_.volumes[volume].containers.running > 1) return {};
    const std::size_t container = containers.front();
    if (host_.io_of(inventory_.containers[container]) == nullptr) return {};
    return container;
  }

  bool has_more_on(DeviceNumber disk, std::size_t container, std::size_t volume) const {
    auto mount = std::lower_bound(
        inventory_.mounts.begin(), inventory_.mounts.end(), container,
        [](const MountFacts& facts, std::size_t wanted) { return facts.container < wanted; });
    for (; mount != inventory_.mounts.end() && mount->container == container; ++mount) {
      if (mount->kind == MountKind::kTmpfs || mount->data_volume == volume) continue;
      if (!mount->filesystem) return true;
      if (may_lie_on(disk, inventory_.filesystems[*mount->filesystem])) return true;
    }
    return false;
  }

  // Also through other devices: the kernel counts the requests of an array on its disks. A
  // filesystem on unknown devices may lie there.
  bool may_lie_on(DeviceNumber disk, const FilesystemFacts& facts) const {
    if (facts.devices.empty() || facts.lacks_devices) return !is_diskless(facts);
    return std::any_of(facts.devices.begin(), facts.devices.end(), [&](std::size_t device) {
      return inventory_.devices[device].block.number == disk;
    });
  }

  // The device that a filesystem lies on; null if none has the filesystem's number, as with btrfs,
  // or if it lies on others as well, as with bcachefs.
  const DeviceFacts* own_device(const FilesystemFacts& facts) const {
    if (facts.devices.empty() || facts.has_more_devices) return nullptr;
    const DeviceFacts& device = inventory_.devices[facts.devices.front()];
    return device.block.number == facts.number ? &device : nullptr;
  }

  // The volume's device, or the disk if that is a partition: cgroups count by disk.
  std::optional<DeviceNumber> disk_of(std::size_t volume) const {
    const auto& filesystem = inventory_.volumes[volume].filesystem;
    if (!filesystem) return {};
    const FilesystemFacts& facts = inventory_.filesystems[*filesystem];
    const DeviceFacts* device = own_device(facts);
    if (device == nullptr) return {};
    if (!device->block.is_partition) return device->block.number;
    for (const std::size_t below : facts.devices) {
      const DeviceFacts& other = inventory_.devices[below];
      if (!device->parents.empty() && other.name == device->parents.front())
        return other.block.number;
    }
    return {};
  }

  const HostSnapshot& host_;
  const Inventory& inventory_;
  std::vector<std::size_t> users_;  // by filesystem: volumes, other mounts, the engine
  std::vector<std::vector<std::size_t>> containers_of_;  // by volume: those that run, once each
};

}  // namespace

std::vector<VolumeIo> volume_io(const HostSnapshot& host) {
  const IoSourceFinder sources(host);
  const auto& volumes = host.inventory->volumes;
  std::vector<VolumeIo> all;
  all.reserve(volumes.size());
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    auto io = sources.io_of(i);
    if (!io) continue;
    io->volume = &volumes[i];
    all.push_back(*io);
  }
  return all;
}

}  // namespace volumeter
