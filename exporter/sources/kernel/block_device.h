// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exporter/base/device_number.h"

namespace volumeter {

// A disk, a partition or a stacked device (dm, md) in /sys/dev/block.
struct BlockDevice {
  std::string name;  // as in /proc/diskstats: "sda1", "dm-0", "cciss/c0d0"
  DeviceNumber number;
  bool is_partition = false;
  std::optional<std::string> model;    // of the disk
  std::optional<bool> rotational;      // of the disk
  std::optional<std::string> dm_name;  // "vg-lv"
  // The underlying devices: the disk of a partition, the slaves of a dm or md device, the paths of an
  // NVMe disk. Sorted.
  std::vector<std::string> parents;
  // Of an NVMe disk with several paths and of its partitions. Linux 4.15 to 6.3 counts I/O on the
  // paths alone.
  std::vector<std::string> hidden_paths;
  std::optional<std::string> backing_file;  // of a loop device, as the host sees it

  bool operator==(const BlockDevice&) const = default;
};

}  // namespace volumeter
