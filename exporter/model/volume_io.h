// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "exporter/model/snapshot.h"

namespace volumeter {

// The source of a volume's I/O counters, best first.
enum class IoSource {
  kEbpf,    // syscalls through every mount of it in containers
  kNfs,     // its own NFS mount
  kDevice,  // its own block device
  kCgroup,  // its only container, if that has no other data on the disk
  kShared,  // the kernel's counters include other volumes or containers: no counters
};

// I/O of a volume, as far as its source counts it.
struct VolumeIo {
  const VolumeFacts* volume = nullptr;  // into the snapshot
  IoSource source = IoSource::kShared;
  std::optional<std::uint64_t> reads;
  std::optional<std::uint64_t> writes;
  std::optional<std::uint64_t> read_bytes;
  std::optional<std::uint64_t> written_bytes;
  const MountIo* counted = nullptr;  // only kEbpf: into the snapshot, or all zero
};

// In the order of the inventory, without volumes that no running container uses and for which no
// source has counters.
std::vector<VolumeIo> volume_io(const HostSnapshot& host);

}  // namespace volumeter
