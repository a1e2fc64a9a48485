// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace volumeter {
namespace orphans_collector {

constexpr MetricDesc kOrphaned{
    "docker_volume_orphaned",
    MetricType::kGauge,
    "Whether the volume is orphaned (1) or not (0): no container, running or not, refers to it by "
    "name, by a bind mount of its directory or through another volume. Absent if unknown.",
    {"volume"}};
constexpr MetricDesc kStateInfo{
    "docker_volume_state_info",
    MetricType::kGauge,
    "Volume whose use cannot be determined from this host, with the reason: container_mounts (the "
    "engine does not report the mounts of a container), global_scope (other hosts may use the "
    "volume), not_listed (its driver does not list its volumes, see docker_volume_driver_up). Do "
    "not remove such a volume as unused. Value is always 1.",
    {"volume", "state", "reason"}};
constexpr MetricDesc kUnusedSince{
    "docker_volume_unused_since_timestamp_seconds",
    MetricType::kGauge,
    "Unix time since when no running container has referred to the volume; if never seen in use, "
    "when this agent first saw it. Absent while in use, and if the use is unknown.",
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
    "Volume that the engine considers dangling although the container accesses its data through a "
    "bind mount or another volume. docker volume prune (since API 1.42 with --all for named "
    "volumes) would delete data in use. Value is always 1.",
    {"volume", "container"}};
constexpr const MetricDesc* kAll[] = {&kOrphaned, &kStateInfo, &kUnusedSince, &kLastUsed,
                                      &kPruneHazard};

constexpr LabelRef reason_text(UnknownUse reason) {
  switch (reason) {
    case UnknownUse::kContainerMounts: return "container_mounts";
    case UnknownUse::kGlobalScope: return "global_scope";
    case UnknownUse::kNotListed: return "not_listed";
  }
  return "container_mounts";
}

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
      const bool is_known = volume.use != VolumeUse::kUnknown;
      if (is_known) {
        orphaned.add({volume.label}, volume.use == VolumeUse::kOrphaned ? 1 : 0);
      } else {
        out.add(kStateInfo, {volume.label, "unknown", reason_text(volume.unknown_use)}, 1);
      }
      const VolumeTimes* times = host.times_of(volume);
      if (times == nullptr) continue;
      if (is_known) unused_since.add({volume.label}, times->unused_since());
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

}  // namespace orphans_collector

std::unique_ptr<Collector> make_orphans_collector() {
  return std::make_unique<orphans_collector::OrphansCollector>();
}

}  // namespace volumeter
