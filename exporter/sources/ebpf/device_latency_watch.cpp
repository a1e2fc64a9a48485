// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/device_latency_watch.h"

#include <utility>

#include "exporter/sources/ebpf/ebpf_obstacle.h"

namespace volumeter {

void DeviceLatencyWatch::start() {
  auto tracer = host_.trace_devices();
  const std::lock_guard lock(mutex_);
  if (tracer) {
    tracer_ = std::move(tracer).value();
    return;
  }
  health_.failed(tracer.error());
  health_.remedy = ebpf_obstacle(host_.paths, tracer.error().text(), permitted_capabilities());
  log_.info(
      "ebpf_devices",
      "eBPF unavailable; no docker_device_io_latency_seconds; run with --check for the remedy",
      {{"error", tracer.error().text()}});
}

std::vector<DeviceLatency> DeviceLatencyWatch::latest() {
  const std::lock_guard lock(mutex_);
  if (tracer_ == nullptr) return {};
  auto devices = tracer_->read();
  if (!devices) {
    health_.failed(devices.error());
    return {};
  }
  health_.succeeded(host_.now(), 0);
  return std::move(devices).value();
}

SourceHealth DeviceLatencyWatch::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

}  // namespace volumeter
