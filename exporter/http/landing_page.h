// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/model/snapshot.h"

namespace volumeter {

// The page at "/": an overview of the host without Grafana. Plain HTML without scripts; all
// external text is escaped.
std::string landing_page(const HostSnapshot& host, std::string_view telemetry_path);

}  // namespace volumeter
