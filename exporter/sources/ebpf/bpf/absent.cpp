// SPDX-License-Identifier: Apache-2.0
// For builds without libbpf.
#include "exporter/sources/ebpf/bpf/tracers.h"
#include "exporter/sources/interface/device_tracer.h"
#include "exporter/sources/interface/mount_tracer.h"

namespace volumeter {
namespace {

Error not_built() { return {ErrorKind::kUnsupported, "eBPF", "built without eBPF"}; }

}  // namespace

Result<std::unique_ptr<MountTracer>> make_mount_tracer() { return not_built(); }

Result<std::unique_ptr<DeviceTracer>> make_device_tracer() { return not_built(); }

}  // namespace volumeter
