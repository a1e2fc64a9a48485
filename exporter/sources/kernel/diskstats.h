// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/device_number.h"
#include "exporter/base/parsed.h"

namespace volumeter {

// I/O counters of a block device since it appeared: a line of /proc/diskstats, in bytes and
// seconds. The kernel prints most of them as 32 bits, so they can wrap.
struct DiskStats {
  struct Requests {
    std::uint64_t completed = 0;
    std::uint64_t merged = 0;  // merged in the queue; not included in completed
    std::uint64_t bytes = 0;
    double seconds = 0;  // total time of all requests; concurrent ones add up
  };
  struct Flushes {
    std::uint64_t completed = 0;
    double seconds = 0;
  };

  DeviceNumber number;
  std::string name;  // "sda1", "nvme0n1p2", "dm-0", "cciss/c0d0"
  Requests reads;
  Requests writes;
  std::uint64_t in_flight = 0;       // current requests
  double busy_seconds = 0;           // with at least one request in flight
  double weighted_seconds = 0;       // busy time weighted by the number of requests
  std::optional<Requests> discards;  // since Linux 4.18
  std::optional<Flushes> flushes;    // since Linux 5.5; always 0 for partitions

  // Whether there was any I/O.
  bool has_worked() const;
};

// Accepts any text; a malformed line is rejected alone.
Parsed<DiskStats> parse_diskstats(std::string_view text);

// The block devices of one read of /proc/diskstats; immutable.
class DiskList {
 public:
  DiskList() = default;
  explicit DiskList(std::vector<DiskStats> disks);

  const std::vector<DiskStats>& disks() const { return disks_; }  // by number, then name

  // Null if not found. Hidden devices, the paths of an NVMe multipath device, share the number
  // 0:0 and are found only with their names.
  const DiskStats* find(DeviceNumber number) const;
  const DiskStats* find(DeviceNumber number, std::string_view name) const;

 private:
  std::vector<DiskStats> disks_;
};

}  // namespace volumeter
