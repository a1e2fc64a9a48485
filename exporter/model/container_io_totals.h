// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/time.h"
#include "exporter/model/inventory.h"
#include "exporter/sources/cgroup/container_io.h"

namespace volumeter {

// Counters of one subject summed over its runs. A counter that decreases within a run does not
// decrease the total.
template <std::size_t N>
class RunTotals {
 public:
  using Counts = std::array<std::uint64_t, N>;

  void add(std::uint64_t run, const Counts& counts) {
    const bool is_new_run = run_ != run;
    for (std::size_t i = 0; i < N; ++i) {
      const std::uint64_t before = is_new_run ? 0 : last_[i];
      if (counts[i] > before) totals_[i] += counts[i] - before;
    }
    run_ = run;
    last_ = counts;
  }

  const Counts& totals() const { return totals_; }

 private:
  std::optional<std::uint64_t> run_;
  Counts last_{};
  Counts totals_{};
};

// Sums the counters of containers, which the kernel resets with each run, so that they are
// monotonic by container name and device name while this agent lives. I/O between the last read of
// a run and its end is lost, and so is a run that began and ended between two reads.
class ContainerIoTotals {
 public:
  static constexpr auto kForgetAfter = std::chrono::hours(1);
  static constexpr std::size_t kMaxGoneNames = 1000;
  static constexpr std::size_t kMaxDevices = 256;  // of one container

  // `io` with the totals of this and all earlier runs of `name`; calls must come in the order of
  // reading. Devices that this run has not used are listed with their earlier totals for an hour;
  // those in `disks` always, if `io` lists all.
  ContainerIo carried(const std::string& name, ContainerIo io, std::span<const DeviceIo> disks,
                      SteadyTime now);

  // Forgets containers an hour after their removal, or earlier if many were removed.
  void forget_gone(const std::vector<ContainerFacts>& present, SteadyTime now);

  std::size_t size() const { return containers_.size(); }

 private:
  struct Device {
    RunTotals<4> totals;
    DeviceNumber number;
    SteadyTime listed_at;
  };
  using Devices = std::map<Label, Device>;

  struct Container {
    Devices devices;
    RunTotals<2> pressure;
    SteadyTime present_at;
  };

  static void add(Devices& devices, const DeviceIo& io, std::uint64_t run, SteadyTime now);
  static std::vector<DeviceIo> listed(const Devices& devices, SteadyTime now);

  std::map<std::string, Container> containers_;  // by name
};

}  // namespace volumeter
