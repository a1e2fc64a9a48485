// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"
#include "exporter/model/size_targets.h"

namespace volumeter {
namespace {

constexpr LabelNames kLabels{"container", "destination"};

constexpr MetricDesc kUsed{"docker_mount_used_bytes", MetricType::kGauge,
                           "Memory that a tmpfs mount of a running container uses. Sampled.",
                           kLabels};
constexpr MetricDesc kLimit{"docker_mount_limit_bytes", MetricType::kGauge,
                            "How much it may use at most; absent if it has no limit. Sampled.",
                            kLabels};
constexpr MetricDesc kInodes{"docker_mount_inodes_used", MetricType::kGauge,
                             "Inodes of the tmpfs, its root directory included. Sampled.", kLabels};
constexpr const MetricDesc* kAll[] = {&kUsed, &kLimit, &kInodes};

// Shows what the tmpfs mounts inside containers hold, which no mount of the host shows.
class TmpfsCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    for (const MountFacts& mount : host.inventory->mounts) {
      if (mount.kind != MountKind::kTmpfs) continue;
      const ContainerFacts& container = host.inventory->containers[mount.container];
      const SizeReading* reading = host.size(size_key(container, mount));
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

}  // namespace

std::unique_ptr<Collector> make_tmpfs_collector() { return std::make_unique<TmpfsCollector>(); }

}  // namespace volumeter
