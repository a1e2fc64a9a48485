// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace volumeter::docker {

// The error for a status other than 200, with the message of the engine: kPermission for 401 and
// 403, kNotFound for 404, kUnsupported for other 4xx, kIo for the rest.
Error status_error(std::string where, long status, std::string_view body);

}  // namespace volumeter::docker
