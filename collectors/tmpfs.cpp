// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace volumeter {
namespace tmpfs_collector {

constexpr LabelNames kLabels{"container", "destination"};

constexpr MetricDesc kUsed{
    "docker_mount_used_bytes", MetricType::kGauge,
    "Memory used by a tmpfs mount of a running container. Sampled in the background.", kLabels};
constexpr MetricDesc kLimit{
    "docker_mount_limit_bytes", MetricType::kGauge,
    "Size limit of the tmpfs mount. Absent if there is no limit. Sampled in the background.",
    kLabels};
constexpr MetricDesc kInodes{
    "docker_mount_inodes_used", MetricType::kGauge,
    "Inodes used by the tmpfs mount; includes its root directory. Sampled in the background.",
    kLabels};
constexpr const MetricDesc* kAll[] = {&kUsed, &kLimit, &kInodes};

// Usage of tmpfs mounts inside containers, which are not visible among the host's mounts.
class TmpfsCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    for (const MountFacts& mount : host.inventory->mounts) {
      if (mount.kind != MountKind::kTmpfs) continue;
      const ContainerFacts& container = host.inventory->containers[mount.container];
      const SizeReading* reading = host.size_of(mount);
      if (reading == nullptr || !reading->space.value) continue;
      const SpaceUsage& usage = *reading->space.value;
      out.add(kUsed, {container.name, mount.destination},
              static_cast<double>(usage.allocated_bytes));
      out.add(kLimit, {container.name, mount.destination}, usage.limit_bytes);
      out.add(kInodes, {container.name, mount.destination}, usage.inodes);
    }
    return out;
  }
};

}  // namespace tmpfs_collector

std::unique_ptr<Collector> make_tmpfs_collector() {
  return std::make_unique<tmpfs_collector::TmpfsCollector>();
}

}  // namespace volumeter
