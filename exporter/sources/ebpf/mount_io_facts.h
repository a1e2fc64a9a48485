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

// A mount of a running container, as Docker tells it.
struct MountIoTarget {
  MountKey key;
  std::uint32_t pid = 0;  // of the container's first process; zero if nobody knows
  std::string volume;     // whose data it shows; empty if it is none
  std::string data_path;  // where the host has that data; empty if nobody knows

  bool operator==(const MountIoTarget&) const = default;
};

// What was counted for mounts and volumes up to some moment.
struct MountIoReadings {
  std::map<MountKey, MountIo> mounts;
  std::map<std::string, MountIo> volumes;   // by name; those not listed were never watched
  std::set<std::string> uncounted_volumes;  // some of what was done to them was not seen
};

}  // namespace volumeter
