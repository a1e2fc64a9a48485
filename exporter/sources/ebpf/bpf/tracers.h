// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exporter/base/result.h"
#include "exporter/sources/interface/device_tracer.h"
#include "exporter/sources/interface/mount_tracer.h"

namespace volumeter {

// Loads the tracers. kUnsupported in a build without eBPF, kPermission or kIo if the kernel denies
// it.
Result<std::unique_ptr<MountTracer>> make_mount_tracer();
Result<std::unique_ptr<DeviceTracer>> make_device_tracer();

}  // namespace volumeter
