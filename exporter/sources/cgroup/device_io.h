// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "exporter/base/device_number.h"
#include "exporter/base/label.h"

namespace volumeter {

// What a cgroup has read from and written to a block device. The kernel counts by disk, not
// by partition, and writes to the page cache when they are written back (version 2) or not at
// all (version 1).
struct DeviceIo {
  DeviceNumber number;
  std::uint64_t reads = 0;  // requests
  std::uint64_t writes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  Label name;  // as in /proc/diskstats; "254:0" if it has none. Parsers leave it empty.

  bool operator==(const DeviceIo&) const = default;
};

}  // namespace volumeter
