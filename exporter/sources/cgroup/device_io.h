// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "exporter/base/device_number.h"
#include "exporter/base/label.h"

namespace volumeter {

// I/O of a cgroup on a block device. The kernel counts per disk, not per partition. Writes to the
// page cache are counted at writeback (cgroup v2) or not at all (cgroup v1).
struct DeviceIo {
  DeviceNumber number;
  std::uint64_t reads = 0;  // requests
  std::uint64_t writes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  Label name;  // as in /proc/diskstats, else "254:0"; empty from the parsers

  bool operator==(const DeviceIo&) const = default;
};

}  // namespace volumeter
