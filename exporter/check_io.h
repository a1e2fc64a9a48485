// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "exporter/model/snapshot.h"

namespace volumeter {

// Of volumes and mounts named in one line of --check.
inline constexpr std::size_t kMostNamed = 10;

// A line of --check.
struct CheckLine {
  bool is_good = true;
  std::string text;
};

// The source of the I/O figures of volumes, with the volumes of each source.
std::vector<CheckLine> check_io(const HostSnapshot& host);

}  // namespace volumeter
