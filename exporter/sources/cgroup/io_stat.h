// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "exporter/base/parsed.h"
#include "exporter/sources/cgroup/device_io.h"

namespace volumeter {

// io.stat of a cgroup of version 2, by device number. A device that is not in it has had no
// I/O. Total: any text is an answer, and of one device there is one item.
Parsed<DeviceIo> parse_io_stat(std::string_view text);

}  // namespace volumeter
