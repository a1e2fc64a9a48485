// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "exporter/model/inventory.h"
#include "exporter/model/volume_io_facts.h"

namespace volumeter {

// Keeps each volume's I/O counters counting the same thing for as long as the agent lives:
//
//   the first source of a volume stays its source. While it is another one's turn, as when a second
//   volume was made on the volume's disk, the volume has no counters;
//   what was done meanwhile is left out, for others may have done it;
//   the counters of another device, container or run of a container go on where those before ended;
//   only eBPF takes over from others, with counters of its own, and for good.
class VolumeIoTotals {
 public:
  // `io`, of all volumes that have any, with totals for counters. Calls must come in the order of
  // reading.
  std::vector<VolumeIo> carried(std::vector<VolumeIo> io, const Inventory& inventory);

  std::size_t size() const { return volumes_.size() + counted_.size(); }

 private:
  using Counts = std::array<std::optional<std::uint64_t>, 4>;

  struct Volume {
    IoSource source = IoSource::kShared;
    std::string counter;
    Counts last;
    Counts totals;
    bool has_gap = false;  // its source had no counters when last looked at
    bool is_seen = false;
  };

  static Counts counts_of(const VolumeIo& io);
  static void add(Volume& volume, const VolumeIo& io);
  VolumeIo carried(VolumeIo io);
  void forget_gone(const Inventory& inventory);

  std::map<std::string, Volume, std::less<>> volumes_;  // by name; those that had other counters
  std::set<std::string> counted_;                       // by eBPF at some time
};

}  // namespace volumeter
