// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "exporter/model/snapshot.h"

namespace volumeter {

// Where the numbers of a volume's I/O come from, best first.
enum class IoSource {
  kEbpf,    // every call through every mount of it in a container
  kNfs,     // its NFS mount, which nothing else shares
  kDevice,  // its own block device
  kCgroup,  // containers that have nothing else on that disk
  kShared,  // several volumes or containers share what the kernel counts: no number
};

// What was done to a volume, as far as its source tells.
struct VolumeIo {
  const VolumeFacts* volume = nullptr;  // into the snapshot
  IoSource source = IoSource::kShared;
  std::optional<std::uint64_t> reads;
  std::optional<std::uint64_t> writes;
  std::optional<std::uint64_t> read_bytes;
  std::optional<std::uint64_t> written_bytes;
  const MountIo* counted = nullptr;  // kEbpf alone: into the snapshot, or of nothing at all
};

// In the order of the inventory, without volumes that no running container uses and for which no
// source has counters.
std::vector<VolumeIo> volume_io(const HostSnapshot& host);

}  // namespace volumeter
