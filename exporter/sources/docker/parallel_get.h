// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter::docker {

// Sends several requests at once, each in a thread and on a connection of its own, and returns their
// replies in the same order after `deadline` at the latest: what hangs delays no other. kTimeout for
// a request without a reply by then, kNotAsked if no thread could be started for it.
std::vector<Result<HttpReply>> get_in_parallel(const HostAccess& host,
                                               const std::vector<std::string>& targets,
                                               std::chrono::milliseconds deadline,
                                               std::stop_token stop);

}  // namespace volumeter::docker
