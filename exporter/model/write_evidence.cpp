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

bool needs_process_writes(const HostSnapshot& host) {
  return host.mount_io == nullptr || !host.mount_io->uncounted_volumes.empty();
}

std::vector<std::string> WriteEvidence::look(const HostSnapshot& host,
                                             const ProcessWrites& processes) {
  const Inventory& inventory = *host.inventory;
  std::map<std::string, Sums> now;
  std::set<std::pair<std::size_t, std::size_t>> added;  // container and volume, once each
  for (const MountFacts& mount : inventory.mounts) {
    if (!mount.data_volume || mount.writable == false) continue;
    const std::string& name = inventory.volumes[*mount.data_volume].name;
    if (is_counted(host.mount_io.get(), name)) {
      now[name].counted = counted_writes(*host.mount_io, name);
      continue;
    }
    if (!added.emplace(mount.container, *mount.data_volume).second) continue;
    Sums& sums = now[name];
    const ContainerIo* io = host.io_of(inventory.containers[mount.container]);
    if (io != nullptr) sums.cgroups += writes_of(*io);
    if (mount.container < processes.size())
      sums.processes += processes[mount.container].value_or(0);
  }
  std::vector<std::string> written;
  for (const auto& [name, sums] : now) {
    const auto before = seen_.find(name);
    if (before != seen_.end() && sums.is_beyond(before->second)) written.push_back(name);
  }
  seen_ = std::move(now);
  return written;
}

}  // namespace volumeter
