// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"

namespace volumeter {
namespace {

constexpr MetricDesc kInfo{"docker_device_info",
                           MetricType::kGauge,
                           "A block device under a filesystem that holds Docker data; 1.",
                           {"device", "model", "dm_name", "rotational"}};
constexpr MetricDesc kParentInfo{
    "docker_device_parent_info",
    MetricType::kGauge,
    "A device and one it is made of: the disk of a partition, the members of an array; 1.",
    {"device", "parent"}};
constexpr const MetricDesc* kAll[] = {&kInfo, &kParentInfo};

class DevicesCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const DeviceFacts& device : host.inventory->devices) {
      out.add(kInfo, {device.name, device.model, device.dm_name, device.rotational}, 1);
      for (const Label& parent : device.parents) out.add(kParentInfo, {device.name, parent}, 1);
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Collector> make_devices_collector() { return std::make_unique<DevicesCollector>(); }

}  // namespace volumeter
