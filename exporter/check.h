// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "exporter/model/snapshot.h"
#include "exporter/monitor/host_monitor.h"
#include "exporter/sources/os/privileges.h"

namespace volumeter {

// What --check prints.
struct CheckReport {
  std::string text;
  bool complete = true;  // every required source works, and no volume was read in part
};

// A line for each source with what it provides or why it cannot, and lines on what was found.
// `missing`: capabilities that would be of use.
CheckReport check_report(const HostSnapshot& host, const std::vector<ChangeFeedCheck>& changes,
                         const std::vector<CapabilityUse>& missing);

}  // namespace volumeter
