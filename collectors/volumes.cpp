// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace volumeter {
namespace volumes_collector {

constexpr MetricDesc kInfo{
    "docker_volume_info",
    MetricType::kGauge,
    "Identity of a volume: driver, scope, mount point and Compose labels. Join other series on the "
    "volume label. Value is always 1.",
    {"volume", "driver", "scope", "mountpoint", "anonymous", "compose_project", "compose_volume"}};
constexpr MetricDesc kCreated{"docker_volume_created_timestamp_seconds",
                              MetricType::kGauge,
                              "Creation time of the volume as reported by Docker. For the local "
                              "driver, a timestamp of the volume's directory.",
                              {"volume"}};
constexpr MetricDesc kContainers{
    "docker_volume_containers",
    MetricType::kGauge,
    "Containers that refer to the volume, by name or by a bind mount of its directory. States: "
    "running (including paused and restarting), stopped, created (never started).",
    {"volume", "state"}};
constexpr MetricDesc kLabelInfo{
    "docker_volume_label_info",
    MetricType::kGauge,
    "User-defined label of a volume, if selected by --collector.volumes.labels. Value is always 1.",
    {"volume", "key", "value"}};
constexpr MetricDesc kMountInfo{
    "docker_mount_info",
    MetricType::kGauge,
    "Mount inside a container, by kind: volume, bind, tmpfs, image, or rootfs "
    "for the container's root filesystem. Value is always 1.",
    {"kind", "volume", "source", "container", "container_id", "compose_project", "compose_service",
     "destination", "mode"}};
constexpr const MetricDesc* kAll[] = {&kInfo, &kCreated, &kContainers, &kLabelInfo, &kMountInfo};

constexpr LabelRef kind_text(MountKind kind) {
  switch (kind) {
    case MountKind::kVolume: return "volume";
    case MountKind::kBind: return "bind";
    case MountKind::kTmpfs: return "tmpfs";
    case MountKind::kImage: return "image";
    case MountKind::kRootfs: return "rootfs";
  }
  return "volume";
}

constexpr LabelRef mode_text(std::optional<bool> writable) {
  if (!writable) return "";
  return *writable ? LabelRef("rw") : LabelRef("ro");
}

class VolumesCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    Family& info = out[kInfo];
    Family& created = out[kCreated];
    Family& containers = out[kContainers];
    for (const VolumeFacts& volume : host.inventory->volumes) {
      info.add({volume.label, volume.driver, volume.scope, volume.mountpoint,
                volume.anonymous ? LabelRef("true") : LabelRef("false"), volume.compose_project,
                volume.compose_volume},
               1);
      created.add({volume.label}, volume.created);
      containers.add({volume.label, "running"}, volume.containers.running);
      containers.add({volume.label, "stopped"}, volume.containers.stopped);
      containers.add({volume.label, "created"}, volume.containers.created);
      for (const auto& [key, value] : volume.user_labels) {
        out.add(kLabelInfo, {volume.label, key, value}, 1);
      }
    }
    add_mounts(*host.inventory, out[kMountInfo]);
    return out;
  }

 private:
  static void add_mounts(const Inventory& inventory, Family& info) {
    for (const MountFacts& mount : inventory.mounts) {
      const ContainerFacts& container = inventory.containers[mount.container];
      info.add({kind_text(mount.kind), mount.volume_label, mount.source, container.name,
                container.id, container.compose_project, container.compose_service,
                mount.destination, mode_text(mount.writable)},
               1);
    }
  }
};

}  // namespace volumes_collector

std::unique_ptr<Collector> make_volumes_collector() {
  return std::make_unique<volumes_collector::VolumesCollector>();
}

}  // namespace volumeter
