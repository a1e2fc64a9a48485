// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "exporter/model/inventory.h"
#include "exporter/sources/interface/mount_tracer.h"

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
  // Whose counters these are: of a device, or of one run of a container. Counters of another begin
  // elsewhere.
  std::string counter;
  const MountIo* counted = nullptr;  // only kEbpf: into the snapshot, or all zero
};

}  // namespace volumeter
