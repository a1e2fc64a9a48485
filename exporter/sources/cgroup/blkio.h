// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "exporter/base/device_number.h"
#include "exporter/base/parsed.h"
#include "exporter/sources/cgroup/device_io.h"

namespace volumeter {

// The counters of a device in a blkio.* file of a cgroup v1: bytes or requests, depending on the
// file.
struct BlkioCount {
  DeviceNumber number;
  std::uint64_t read = 0;
  std::uint64_t write = 0;

  bool operator==(const BlkioCount&) const = default;
};

// Parses blkio.throttle.io_service_bytes and similar files; sorted by device number, one item per
// device. Accepts any text.
Parsed<BlkioCount> parse_blkio(std::string_view text);

// The devices that are in both lists, each sorted as by parse_blkio().
std::vector<DeviceIo> join_blkio(const std::vector<BlkioCount>& bytes,
                                 const std::vector<BlkioCount>& requests);

}  // namespace volumeter
