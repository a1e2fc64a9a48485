// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "exporter/sources/cgroup/container_io_reader.h"
#include "exporter/sources/interface/host_paths.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// The bytes of a /proc/<pid>/io that the process wrote or took back: nothing if there are none.
std::optional<std::uint64_t> parse_process_io(std::string_view text);

// Bytes that the processes of a container dirtied in files, or took back by truncating them, since
// they started; those of children that ended included. Unlike the counters of its cgroup it includes
// buffered writes at once, and with version 1. Of the first 256 processes; nothing if none is readable.
std::optional<std::uint64_t> read_process_writes(const HostPaths& paths, const MountList& mounts,
                                                 const ContainerProcess& container);

}  // namespace volumeter
