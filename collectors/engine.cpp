// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"

namespace volumeter {
namespace {

constexpr MetricDesc kUp{
    "docker_up",
    MetricType::kGauge,
    "Whether the Docker Engine answers (1) or not (0); volumes are then shown as last known.",
    {}};
constexpr MetricDesc kInfo{"docker_engine_info",
                           MetricType::kGauge,
                           "The engine, the API version spoken with it and its storage driver; 1.",
                           {"engine", "version", "api_version", "storage_driver"}};
constexpr MetricDesc kVolumes{
    "docker_volumes",
    MetricType::kGauge,
    "Volumes by use: in_use by a running container, idle (only stopped containers refer to it), "
    "orphaned (no container refers to it).",
    {"state"}};
constexpr MetricDesc kListTimestamp{
    "docker_inventory_timestamp_seconds",
    MetricType::kGauge,
    "When the engine's list of volumes and containers was taken. Sampled.",
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
    if (!inventory.has_all_volumes) return;  // how many there are is not known
    const auto count = [&](VolumeUse use) { return static_cast<double>(inventory.count(use)); };
    out.add(kVolumes, {"in_use"}, count(VolumeUse::kInUse));
    out.add(kVolumes, {"idle"}, count(VolumeUse::kIdle));
    out.add(kVolumes, {"orphaned"}, count(VolumeUse::kOrphaned));
  }
};

}  // namespace

std::unique_ptr<Collector> make_engine_collector() { return std::make_unique<EngineCollector>(); }

}  // namespace volumeter
