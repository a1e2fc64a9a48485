// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/model/snapshot.h"

namespace volumeter {

// What --check prints.
struct CheckReport {
  std::string text;
  bool complete = true;  // every source can do all it is there for
};

// One line for each source: what it can and what it cannot do on this host, and why.
// `changes`: the way to the change feeds of filesystems; null if they are not wanted.
CheckReport check_report(const HostSnapshot& host, const HostAccess* changes,
                         const std::string& state_directory);

}  // namespace volumeter
