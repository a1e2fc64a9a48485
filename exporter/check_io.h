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

// The source of the I/O figures of volumes, with the volumes of each source.
std::vector<CheckLine> check_io(const HostSnapshot& host);

}  // namespace volumeter
