// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/write_evidence.h"

#include <set>
#include <utility>

namespace volumeter {
namespace {

std::uint64_t writes_of(const ContainerIo& io) {
  std::uint64_t sum = 0;
  for (const DeviceIo& device : io.devices) sum += device.writes + device.written_bytes;
  return sum;
}

bool is_counted(const MountIoReadings* readings, const std::string& volume) {
  return readings != nullptr && !readings->uncounted_volumes.contains(volume);
}

// Volumes that eBPF counts; one without a reading was never used.
std::uint64_t counted_writes(const MountIoReadings& readings, const std::string& volume) {
  const auto found = readings.volumes.find(volume);
  if (found == readings.volumes.end()) return 0;
  const MountIo& io = found->second;
  return io.writes.operations + io.mapped_writes + io.fsyncs.operations;
}

}  // namespace

std::vector<std::string> WriteEvidence::look(const HostSnapshot& host) {
  const Inventory& inventory = *host.inventory;
  std::map<std::string, std::uint64_t> now;
  std::set<std::pair<std::size_t, std::size_t>> added;  // container and volume, once each
  for (const MountFacts& mount : inventory.mounts) {
    if (!mount.data_volume || mount.writable == false) continue;
    const std::string& name = inventory.volumes[*mount.data_volume].name;
    if (is_counted(host.mount_io.get(), name)) {
      now.insert_or_assign(name, counted_writes(*host.mount_io, name));
      continue;
    }
    const ContainerIo* io = host.io_of(inventory.containers[mount.container]);
    if (io == nullptr || !added.emplace(mount.container, *mount.data_volume).second) continue;
    now[name] += writes_of(*io);
  }
  std::vector<std::string> written;
  for (const auto& [name, sum] : now) {
    const auto before = seen_.find(name);
    if (before != seen_.end() && sum > before->second) written.push_back(name);
  }
  seen_ = std::move(now);
  return written;
}

}  // namespace volumeter
