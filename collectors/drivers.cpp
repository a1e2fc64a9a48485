// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace volumeter {
namespace drivers_collector {

constexpr MetricDesc kInfo{
    "docker_volume_driver_info",
    MetricType::kGauge,
    "Volume driver of the engine: builtin, v1 (legacy plugin) or managed (docker plugin), and the "
    "scope of its volumes, local or global (empty without volumes). Value is always 1.",
    {"driver", "kind", "scope"}};
// For the alert DockerVolumeDriverNotAnswering.
constexpr MetricDesc kUp{
    "docker_volume_driver_up",
    MetricType::kGauge,
    "Whether the volume driver listed its volumes when last asked (1) or not "
    "(0). While it does not, its last known volumes are exported. Absent if it was not asked.",
    {"driver"}};
constexpr const MetricDesc* kAll[] = {&kInfo, &kUp};

class DriversCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const VolumeDriverFacts& driver : host.inventory->volume_drivers) {
      out.add(kInfo, {driver.name, driver.kind, driver.scope}, 1);
      if (driver.up) out.add(kUp, {driver.name}, *driver.up ? 1 : 0);
    }
    return out;
  }
};

}  // namespace drivers_collector

std::unique_ptr<Collector> make_drivers_collector() {
  return std::make_unique<drivers_collector::DriversCollector>();
}

}  // namespace volumeter
