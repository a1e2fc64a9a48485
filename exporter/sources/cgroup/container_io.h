// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "exporter/sources/cgroup/device_io.h"
#include "exporter/sources/kernel/io_pressure.h"

namespace volumeter {

// What a container has read and written in this run, and how long it has waited for that.
struct ContainerIo {
  std::vector<DeviceIo> devices;  // each once
  // The same of the present run alone, where `devices` goes on over restarts.
  std::vector<DeviceIo> run_devices;
  // A device that is not listed has had no I/O. Not so in version 1, which since Linux 6.10
  // lists nothing before some cgroup has a limit on the disk.
  bool lists_all = false;
  // Writes to the page cache are among the written, once they are written back. Not so in
  // version 1.
  bool counts_writeback = false;
  std::optional<IoPressure> pressure;  // absent without CONFIG_PSI and in version 1

  // Tell one run from the next: the inodes of the cgroups with the devices and with the
  // pressure. They are made anew for each run, and the kernel does not use a number again.
  std::uint64_t device_run = 0;
  std::uint64_t pressure_run = 0;
};

}  // namespace volumeter
