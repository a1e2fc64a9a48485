// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/sources/interface/device_tracer.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter {

// Measures the latency of block devices with eBPF, from start() on. Thread-safe.
class DeviceLatencyWatch {
 public:
  // Keeps references to both.
  DeviceLatencyWatch(const HostAccess& host, ChangeLog& log) : host_(host), log_(log) {}

  void start();

  // Sorted by device number; empty without eBPF.
  std::vector<DeviceLatency> latest();

  SourceHealth health() const;  // "ebpf_devices"

 private:
  const HostAccess& host_;
  ChangeLog& log_;
  mutable std::mutex mutex_;
  std::unique_ptr<DeviceTracer> tracer_;
  SourceHealth health_{.name = "ebpf_devices",
                       .provides = "latency of disks, measured by eBPF",
                       .is_required = false};
};

}  // namespace volumeter
