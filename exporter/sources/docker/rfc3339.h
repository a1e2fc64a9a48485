// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "exporter/base/time.h"

namespace volumeter::docker {

// A time in Go's RFC 3339 format: "2026-11-23T05:56:31.135918637Z", or with an offset
// "2026-11-23T06:56:31+01:00". Absent for any other text and for years before 1970: Go's zero
// time "0001-01-01T00:00:00Z" means never.
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace volumeter::docker
