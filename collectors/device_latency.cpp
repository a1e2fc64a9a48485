// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "collectors/builtin.h"
#include "collectors/latency_histogram.h"

namespace volumeter {
namespace {

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
    std::map<DeviceNumber, const Label*> names;
    for (const DeviceFacts& device : host.inventory->devices) {
      names.emplace(device.number, &device.name);
    }
    for (const DeviceLatency& device : host.device_latency) {
      const auto name = names.find(device.number);
      if (name == names.end()) continue;
      add(*name->second, "read", device.reads, family);
      add(*name->second, "write", device.writes, family);
      add(*name->second, "flush", device.flushes, family);
      add(*name->second, "discard", device.discards, family);
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

}  // namespace

std::unique_ptr<Collector> make_device_latency_collector() {
  return std::make_unique<DeviceLatencyCollector>();
}

}  // namespace volumeter
