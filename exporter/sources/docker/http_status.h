// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace volumeter::docker {

// What an answer other than 200 means, with what the engine said of it: 401 and 403
// kPermission, 404 kNotFound, other 4xx kUnsupported, the rest kIo.
Error status_error(std::string where, long status, std::string_view body);

}  // namespace volumeter::docker
