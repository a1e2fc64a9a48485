// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "exporter/base/parsed.h"
#include "exporter/sources/cgroup/device_io.h"

namespace volumeter {

// Parses io.stat of a cgroup v2; sorted by device number, one item per device. A device that is not
// listed had no I/O. Accepts any text.
Parsed<DeviceIo> parse_io_stat(std::string_view text);

}  // namespace volumeter
