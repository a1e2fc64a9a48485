// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace volumeter {

// The helper process' side of Operation::kScan: takes one order after the other, works in steps
// as it is granted and reports, at the lowest priority for CPU and I/O. Ends with the agent.
void serve_scans(int socket, const std::string& rootfs);

}  // namespace volumeter
