// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_io.h"

namespace volumeter {
namespace {

const MountIo kNothingDone;

VolumeIo counted(const MountIo& io) {
  return {.source = IoSource::kEbpf,
          .reads = io.reads.operations,
          .writes = io.writes.operations,
          .read_bytes = io.reads.bytes,
          .written_bytes = io.writes.bytes,
          .counted = &io};
}

std::optional<VolumeIo> io_of(const HostSnapshot& host, const VolumeFacts& volume) {
  if (host.mount_io != nullptr && !host.mount_io->uncounted_volumes.contains(volume.name)) {
    const auto found = host.mount_io->volumes.find(volume.name);
    return counted(found == host.mount_io->volumes.end() ? kNothingDone : found->second);
  }
  if (volume.containers.running == 0) return {};
  return VolumeIo{};
}

}  // namespace

std::vector<std::optional<VolumeIo>> volume_io(const HostSnapshot& host) {
  std::vector<std::optional<VolumeIo>> all;
  for (const VolumeFacts& volume : host.inventory->volumes) all.push_back(io_of(host, volume));
  return all;
}

}  // namespace volumeter
