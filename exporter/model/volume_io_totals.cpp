// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_io_totals.h"

#include <set>
#include <string_view>
#include <utility>

namespace volumeter {
namespace {

VolumeIo without_counters(const VolumeIo& io) {
  VolumeIo none;
  none.volume = io.volume;
  return none;
}

}  // namespace

std::vector<VolumeIo> VolumeIoTotals::carried(std::vector<VolumeIo> io,
                                              const Inventory& inventory) {
  for (auto& [name, volume] : volumes_) volume.is_seen = false;
  for (VolumeIo& one : io) one = carried(std::move(one));
  for (auto& [name, volume] : volumes_) {
    // A volume without a running container has no cgroup, and nobody else uses it meanwhile.
    if (!volume.is_seen && volume.source != IoSource::kCgroup) volume.has_gap = true;
  }
  forget_gone(inventory);
  return io;
}

VolumeIo VolumeIoTotals::carried(VolumeIo io) {
  if (io.source == IoSource::kEbpf) {
    counted_.insert(io.volume->name);
    volumes_.erase(io.volume->name);
    return io;
  }
  if (counted_.contains(io.volume->name)) return without_counters(io);
  const auto known = volumes_.find(io.volume->name);
  if (io.source == IoSource::kShared) {
    if (known == volumes_.end()) return io;
    known->second.is_seen = known->second.has_gap = true;
    return io;
  }
  const bool is_new = known == volumes_.end();
  Volume& volume = is_new ? volumes_[io.volume->name] : known->second;
  volume.is_seen = true;
  if (is_new) {
    volume.source = io.source;
    volume.counter = io.counter;
    volume.last = volume.totals = counts_of(io);
    return io;
  }
  if (volume.source != io.source) {
    volume.has_gap = true;
    return without_counters(io);
  }
  add(volume, io);
  io.reads = volume.totals[0];
  io.writes = volume.totals[1];
  io.read_bytes = volume.totals[2];
  io.written_bytes = volume.totals[3];
  return io;
}

VolumeIoTotals::Counts VolumeIoTotals::counts_of(const VolumeIo& io) {
  return {io.reads, io.writes, io.read_bytes, io.written_bytes};
}

// A device counts since it appeared, whoever used it; a run of a container counts what that did.
void VolumeIoTotals::add(Volume& volume, const VolumeIo& io) {
  const Counts now = counts_of(io);
  const bool is_new_counter = volume.counter != io.counter;
  const bool counts_others = volume.has_gap || (is_new_counter && io.source != IoSource::kCgroup);
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (!now.at(i)) continue;
    const std::uint64_t before = is_new_counter ? 0 : volume.last.at(i).value_or(0);
    const std::uint64_t more = *now.at(i) >= before ? *now.at(i) - before : *now.at(i);
    volume.totals.at(i) = volume.totals.at(i).value_or(0) + (counts_others ? 0 : more);
  }
  volume.counter = io.counter;
  volume.last = now;
  volume.has_gap = false;
}

void VolumeIoTotals::forget_gone(const Inventory& inventory) {
  if (size() == 0 || !inventory.has_all_volumes) return;
  std::set<std::string_view> names;
  for (const VolumeFacts& volume : inventory.volumes) names.insert(volume.name);
  std::erase_if(volumes_, [&](const auto& entry) { return !names.contains(entry.first); });
  std::erase_if(counted_, [&](const std::string& name) { return !names.contains(name); });
}

}  // namespace volumeter
