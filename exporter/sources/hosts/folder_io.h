// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "exporter/base/result.h"
#include "exporter/sources/interface/device_tracer.h"
#include "exporter/sources/interface/mount_tracer.h"

namespace volumeter {

// What the kernel would have counted on the host that a folder stands in for: io.json,
//
//   {"mounts": {"812": {"read": {"operations": 2, "bytes": 8192, "nanoseconds": 9000,
//                                "latency": {"2": 2}, "errors": {"EIO": 1}},
//                       "write": ..., "fsync": ..., "mapped_writes": 3}},
//    "devices": {"254:0": {"read": ..., "write": ..., "flush": ..., "discard": ...}}}
//
// by mount id and by device number; latencies by number of bucket. All numbers are counts.
// kUnsupported without the file.
Result<std::unique_ptr<MountTracer>> make_folder_mount_tracer(const std::string& folder);
Result<std::unique_ptr<DeviceTracer>> make_folder_device_tracer(const std::string& folder);

}  // namespace volumeter
