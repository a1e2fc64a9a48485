// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "exporter/sources/cgroup/device_io.h"
#include "exporter/sources/kernel/io_pressure.h"

namespace volumeter {

// I/O counters of a container since its start, and its I/O pressure.
struct ContainerIo {
  std::vector<DeviceIo> devices;  // each once
  // Since the last start, while `devices` is cumulative across restarts.
  std::vector<DeviceIo> run_devices;
  // Whether a device that is not listed had no I/O. False for cgroup v1: since Linux 6.10 it lists
  // nothing until a cgroup has an I/O limit on the disk.
  bool lists_all = false;
  // Whether writeback of the page cache is counted. False for cgroup v1.
  bool counts_writeback = false;
  std::optional<IoPressure> pressure;  // absent without CONFIG_PSI and for cgroup v1

  // The inodes of the cgroups of `devices` and `pressure`. They identify a run of the container:
  // each start creates new cgroups, and the kernel does not reuse the numbers.
  std::uint64_t device_run = 0;
  std::uint64_t pressure_run = 0;
};

}  // namespace volumeter
