// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/container_io_totals.h"

#include <algorithm>
#include <utility>

namespace volumeter {
namespace {

std::uint64_t count(std::chrono::microseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

}  // namespace

ContainerIo ContainerIoTotals::carried(const std::string& name, ContainerIo io,
                                       std::span<const DeviceIo> disks, SteadyTime now) {
  Container& container = containers_[name];
  container.present_at = now;
  for (const DeviceIo& device : io.devices) add(container.devices, device, io.device_run, now);
  if (io.lists_all) {
    for (const DeviceIo& disk : disks) {
      container.devices.try_emplace(disk.name, Device{{}, disk.number, now})
          .first->second.listed_at = now;
    }
  }
  io.run_devices = std::move(io.devices);
  io.devices = listed(container.devices, now);
  if (io.pressure) {
    const auto all_waited = io.pressure->full.value_or(std::chrono::microseconds(0));
    container.pressure.add(io.pressure_run, {count(io.pressure->some), count(all_waited)});
    const auto& [some, full] = container.pressure.totals();
    io.pressure->some = std::chrono::microseconds(some);
    if (io.pressure->full) io.pressure->full = std::chrono::microseconds(full);
  }
  return io;
}

void ContainerIoTotals::add(Devices& devices, const DeviceIo& io, std::uint64_t run,
                            SteadyTime now) {
  if (devices.size() >= kMaxDevices && !devices.contains(io.name)) {
    devices.erase(std::min_element(devices.begin(), devices.end(), [](auto& a, auto& b) {
      return a.second.listed_at < b.second.listed_at;
    }));
  }
  Device& device = devices[io.name];
  device.totals.add(run, {io.reads, io.writes, io.read_bytes, io.written_bytes});
  device.number = io.number;
  device.listed_at = now;
}

std::vector<DeviceIo> ContainerIoTotals::listed(const Devices& devices, SteadyTime now) {
  std::vector<DeviceIo> all;
  for (const auto& [name, device] : devices) {
    if (now - device.listed_at > kForgetAfter) continue;
    const auto& [reads, writes, read_bytes, written_bytes] = device.totals.totals();
    all.push_back({device.number, reads, writes, read_bytes, written_bytes, name});
  }
  return all;
}

void ContainerIoTotals::forget_gone(const std::vector<ContainerFacts>& present, SteadyTime now) {
  for (const ContainerFacts& container : present) {
    const auto found = containers_.find(container.name.escaped());
    if (found != containers_.end()) found->second.present_at = now;
  }
  std::vector<SteadyTime> gone;  // since when
  for (const auto& [name, container] : containers_) {
    if (container.present_at != now) gone.push_back(container.present_at);
  }
  SteadyTime oldest_kept = now - kForgetAfter;
  if (gone.size() > kMaxGoneNames) {
    const auto nth = gone.end() - static_cast<std::ptrdiff_t>(kMaxGoneNames);
    std::nth_element(gone.begin(), nth, gone.end());
    oldest_kept = std::max(oldest_kept, *nth);
  }
  std::erase_if(containers_,
                [&](const auto& entry) { return entry.second.present_at < oldest_kept; });
}

}  // namespace volumeter
