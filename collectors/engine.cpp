// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace volumeter {
namespace engine_collector {

constexpr MetricDesc kUp{"docker_up",
                         MetricType::kGauge,
                         "Whether the Docker Engine is reachable (1) or not (0). While it is "
                         "unreachable, the last known volumes and containers are exported.",
                         {}};
constexpr MetricDesc kInfo{
    "docker_engine_info",
    MetricType::kGauge,
    "Product, version, negotiated API version and storage driver of the engine. Value is always 1.",
    {"engine", "version", "api_version", "storage_driver"}};
constexpr MetricDesc kVolumes{
    "docker_volumes",
    MetricType::kGauge,
    "Volumes by state: in_use (a running container refers to it), idle (only containers that are "
    "not running do), orphaned (no container does), unknown (cannot be determined from this host, "
    "see docker_volume_state_info). Absent while the volume list is incomplete.",
    {"state"}};
constexpr MetricDesc kListTimestamp{
    "docker_inventory_timestamp_seconds",
    MetricType::kGauge,
    "Unix time at which the exported list of volumes and containers was read from the engine.",
    {}};
constexpr const MetricDesc* kAll[] = {&kUp, &kInfo, &kVolumes, &kListTimestamp};

class EngineCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    out.add(kUp, {}, host.docker_up ? 1 : 0);
    const Inventory& inventory = *host.inventory;
    if (!inventory.engine) return out;
    const EngineFacts& engine = *inventory.engine;
    out.add(kInfo, {engine.product, engine.version, engine.api_version, engine.storage_driver}, 1);
    add_volumes(inventory, out);
    if (host.listed_at) out.add(kListTimestamp, {}, unix_seconds(*host.listed_at));
    return out;
  }

 private:
  static void add_volumes(const Inventory& inventory, MetricFamilies& out) {
    if (!inventory.has_all_volumes) return;  // the number is unknown
    const auto count = [&](VolumeUse use) { return static_cast<double>(inventory.count(use)); };
    out.add(kVolumes, {"in_use"}, count(VolumeUse::kInUse));
    out.add(kVolumes, {"idle"}, count(VolumeUse::kIdle));
    out.add(kVolumes, {"orphaned"}, count(VolumeUse::kOrphaned));
    out.add(kVolumes, {"unknown"}, count(VolumeUse::kUnknown));
  }
};

}  // namespace engine_collector

std::unique_ptr<Collector> make_engine_collector() {
  return std::make_unique<engine_collector::EngineCollector>();
}

}  // namespace volumeter
