// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "exporter/model/snapshot.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/os/privileges.h"

namespace volumeter {

// What --check prints.
struct CheckReport {
  std::string text;
  bool complete = true;  // every source can do all it is there for
};

// One line for each source: what it can and what it cannot do on this host, and why.
// `paths`: where the kernel says what it can do.
// `lacking`: capabilities that would be of use and are not there.
// `changes`: the way to the change feeds of filesystems; null if they are not wanted.
CheckReport check_report(const HostSnapshot& host, const HostAccess* changes,
                         const HostPaths& paths, const std::string& state_directory,
                         const std::vector<CapabilityUse>& lacking);

}  // namespace volumeter
