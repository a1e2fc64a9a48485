// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/base/result.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter {

// The answer of a recorded engine: the file of `folder` that is named like the endpoint of `target`.
Result<HttpReply> docker_reply(const std::string& folder, const std::string& target);

}  // namespace volumeter
