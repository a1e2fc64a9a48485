// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exporter/base/result.h"
#include "exporter/sources/interface/device_tracer.h"
#include "exporter/sources/interface/mount_tracer.h"

namespace volumeter {

// The tracers of this kernel. kUnsupported if this program was built without eBPF, kPermission or
// kIo with the kernel's reason if the kernel denies it.
Result<std::unique_ptr<MountTracer>> make_mount_tracer();
Result<std::unique_ptr<DeviceTracer>> make_device_tracer();

}  // namespace volumeter
