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

// What a block device has done since it appeared: one line of /proc/diskstats, in bytes and
// seconds. The kernel prints most of these numbers as 32 bits: they may begin again at 0.
struct DiskStats {
  struct Requests {
    std::uint64_t completed = 0;
    std::uint64_t merged = 0;  // joined to one that was waiting; not among the completed
    std::uint64_t bytes = 0;
    double seconds = 0;  // of all of them added up, also of those that ran at the same time
  };
  struct Flushes {
    std::uint64_t completed = 0;
    double seconds = 0;
  };

  DeviceNumber number;
  std::string name;  // "sda1", "nvme0n1p2", "dm-0", "cciss/c0d0"
  Requests reads;
  Requests writes;
  std::uint64_t in_flight = 0;       // requests, now
  double busy_seconds = 0;           // in which anything was in flight
  double weighted_seconds = 0;       // the same, times what was in flight
  std::optional<Requests> discards;  // since Linux 4.18
  std::optional<Flushes> flushes;    // since Linux 5.5; 0 for partitions, whatever they flush

  // Whether anything was ever asked of it.
  bool has_worked() const;
};

// Total: any text is an answer. A line that is torn or odd is rejected alone.
Parsed<DiskStats> parse_diskstats(std::string_view text);

// The block devices of one look at /proc/diskstats; immutable.
class DiskList {
 public:
  DiskList() = default;
  explicit DiskList(std::vector<DiskStats> disks);

  const std::vector<DiskStats>& disks() const { return disks_; }  // by number, then name

  // Null if there is none. Devices that the kernel hides, the single paths of an NVMe
  // multipath, share the number 0:0 and are only found by their names as well.
  const DiskStats* find(DeviceNumber number) const;
  const DiskStats* find(DeviceNumber number, std::string_view name) const;

 private:
  std::vector<DiskStats> disks_;
};

}  // namespace volumeter
