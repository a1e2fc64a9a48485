// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace volumeter {
namespace {

constexpr MetricDesc kOrphaned{
    "docker_volume_orphaned",
    MetricType::kGauge,
    "Whether the volume is orphaned (1) or not (0): no container, running or not, refers to it by "
    "name or by a bind mount of its directory.",
    {"volume"}};
constexpr MetricDesc kUnusedSince{
    "docker_volume_unused_since_timestamp_seconds",
    MetricType::kGauge,
    "Unix time since when no running container has referred to the volume; if never seen in use, "
    "when this agent first saw it. Absent while in use.",
    {"volume"}};
constexpr MetricDesc kLastUsed{
    "docker_volume_last_used_timestamp_seconds",
    MetricType::kGauge,
    "Unix time at which a running container last referred to the volume; the current time while in "
    "use. Absent if never seen in use.",
    {"volume"}};
constexpr MetricDesc kPruneHazard{
    "docker_volume_prune_hazard",
    MetricType::kGauge,
    "Volume that Docker considers dangling although the container accesses its data through a bind "
    "mount. docker volume prune would delete data in use. Value is always 1.",
    {"volume", "container"}};
constexpr const MetricDesc* kAll[] = {&kOrphaned, &kUnusedSince, &kLastUsed, &kPruneHazard};

class OrphansCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    const Inventory& inventory = *host.inventory;
    Family& orphaned = out[kOrphaned];
    Family& unused_since = out[kUnusedSince];
    Family& last_used = out[kLastUsed];
    for (const VolumeFacts& volume : inventory.volumes) {
      orphaned.add({volume.label}, volume.use == VolumeUse::kOrphaned ? 1 : 0);
      const VolumeTimes* times = host.times_of(volume);
      if (times == nullptr) continue;
      unused_since.add({volume.label}, times->unused_since());
      last_used.add({volume.label}, times->in_use ? unix_seconds(host.taken_at) : times->last_used);
    }
    for (const PruneHazard& hazard : inventory.prune_hazards) {
      out.add(kPruneHazard,
              {inventory.volumes[hazard.volume].label, inventory.containers[hazard.container].name},
              1);
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Collector> make_orphans_collector() { return std::make_unique<OrphansCollector>(); }

}  // namespace volumeter
