// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "exporter/model/snapshot.h"

namespace volumeter {

// A line of --check.
struct CheckLine {
  bool is_good = true;
  std::string text;
};

// Where the numbers of each volume's I/O come from, and what would tell more.
std::vector<CheckLine> check_io(const HostSnapshot& host, const HostPaths& paths);

}  // namespace volumeter
