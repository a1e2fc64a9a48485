// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "exporter/base/device_number.h"
#include "exporter/base/parsed.h"
#include "exporter/sources/cgroup/device_io.h"

namespace volumeter {

// What one of the blkio.* files of a cgroup of version 1 counts for a device: bytes or
// requests, as the file's name says.
struct BlkioCount {
  DeviceNumber number;
  std::uint64_t read = 0;
  std::uint64_t write = 0;

  bool operator==(const BlkioCount&) const = default;
};

// blkio.throttle.io_service_bytes and its relatives, by device number. Total: any text is an
// answer, and of one device there is one item.
Parsed<BlkioCount> parse_blkio(std::string_view text);

// The devices that are in both lists, each as parse_blkio() gives it.
std::vector<DeviceIo> join_blkio(const std::vector<BlkioCount>& bytes,
                                 const std::vector<BlkioCount>& requests);

}  // namespace volumeter
