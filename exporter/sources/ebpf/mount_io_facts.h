// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "exporter/sources/interface/mount_tracer.h"

namespace volumeter {

using MountKey = std::pair<std::string, std::string>;  // name of the container, destination

// A mount of a running container, according to Docker.
struct MountIoTarget {
  MountKey key;
  std::uint32_t pid = 0;  // of the container's first process; 0 if unknown
  std::string volume;     // the mounted volume; empty if none
  std::string data_path;  // the path of the data on the host; empty if unknown

  bool operator==(const MountIoTarget&) const = default;
};

// The I/O counters of mounts and volumes at some time.
struct MountIoReadings {
  std::map<MountKey, MountIo> mounts;
  std::map<std::string, MountIo> volumes;       // by name; without volumes that were never watched
  std::set<std::string> uncounted_volumes;      // some of their I/O is not counted
  std::set<std::string> without_mapped_writes;  // filesystem types on which these are not counted
};

}  // namespace volumeter
