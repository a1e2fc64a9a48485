// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace volumeter {

// The helper process' side of a scan, after Operation::kScan: takes the order, works in steps
// as it is granted and reports. False: the agent is gone.
bool serve_scan(int socket, const std::string& rootfs);

}  // namespace volumeter
