// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"
#include "collectors/latency_histogram.h"

namespace volumeter {
namespace device_latency_collector {

constexpr MetricDesc kLatency{"docker_device_io_latency_seconds",
                              MetricType::kHistogram,
                              "Latency of block I/O requests, including time in the kernel's queue "
                              "(eBPF). Absent for partitions and stacked devices (dm, md).",
                              {"device", "operation"}};
constexpr const MetricDesc* kAll[] = {&kLatency};

// Latency of the disks below Docker's data.
class DeviceLatencyCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    Family& family = out[kLatency];
    for (const DeviceFacts& device : host.inventory->devices) {
      const DeviceLatency* latency = host.latency_of(device);
      if (latency == nullptr) continue;
      add(device.name, "read", latency->reads, family);
      add(device.name, "write", latency->writes, family);
      add(device.name, "flush", latency->flushes, family);
      add(device.name, "discard", latency->discards, family);
    }
    return out;
  }

 private:
  static void add(const Label& device, LabelRef operation, const IoCounts& counts, Family& family) {
    if (counts.operations == 0) return;
    const LabelRef labels[] = {device, operation};
    family.add_histogram(labels, latency_histogram(counts));
  }
};

}  // namespace device_latency_collector

std::unique_ptr<Collector> make_device_latency_collector() {
  return std::make_unique<device_latency_collector::DeviceLatencyCollector>();
}

}  // namespace volumeter
