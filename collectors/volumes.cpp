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
// For the alert DockerContainerMountFailed.
constexpr MetricDesc kMountFailed{
    "docker_container_mount_failed",
    MetricType::kGauge,
    "Container that is not running because a mount failed at its last start, by reason: "
    "source_missing, no_device, unreachable (server), denied, not_a_directory, read_only, driver, "
    "other. Destination is empty if the engine does not name the mount. Value is always 1.",
    {"container", "destination", "reason"}};
// For the alerts DockerMountSourceMissing and DockerVolumeMountReadOnly.
constexpr MetricDesc kMismatch{
    "docker_mount_mismatch_info",
    MetricType::kGauge,
    "Volume or bind mount of a container that is not as requested, by mismatch. The source is "
    "missing (source_missing: not running, the next start will fail) or was deleted while mounted "
    "(source_deleted). The mount is read_only, writable, noexec, exec, suid, dev, private or slave "
    "although the container requested otherwise. Value is always 1.",
    {"container", "destination", "mismatch"}};
constexpr const MetricDesc* kAll[] = {&kInfo,      &kCreated,     &kContainers, &kLabelInfo,
                                      &kMountInfo, &kMountFailed, &kMismatch};

constexpr LabelRef reason_text(MountFailureReason reason) {
  switch (reason) {
    case MountFailureReason::kSourceMissing: return "source_missing";
    case MountFailureReason::kNoDevice: return "no_device";
    case MountFailureReason::kUnreachable: return "unreachable";
    case MountFailureReason::kDenied: return "denied";
    case MountFailureReason::kNotADirectory: return "not_a_directory";
    case MountFailureReason::kReadOnly: return "read_only";
    case MountFailureReason::kDriver: return "driver";
    case MountFailureReason::kOther: return "other";
  }
  return "other";
}

constexpr LabelRef mismatch_text(MountMismatch mismatch) {
  switch (mismatch) {
    case MountMismatch::kSourceMissing: return "source_missing";
    case MountMismatch::kSourceDeleted: return "source_deleted";
    case MountMismatch::kReadOnly: return "read_only";
    case MountMismatch::kWritable: return "writable";
    case MountMismatch::kNoexec: return "noexec";
    case MountMismatch::kExec: return "exec";
    case MountMismatch::kSuid: return "suid";
    case MountMismatch::kDev: return "dev";
    case MountMismatch::kPrivate: return "private";
    case MountMismatch::kSlave: return "slave";
  }
  return "read_only";
}

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
    for (const MountFailureFacts& failure : host.inventory->mount_failures) {
      const ContainerFacts& container = host.inventory->containers[failure.container];
      out.add(kMountFailed, {container.name, failure.destination, reason_text(failure.reason)}, 1);
    }
    for (const MountMismatchFacts& found : *host.mount_mismatches) {
      out.add(kMismatch, {found.container, found.destination, mismatch_text(found.mismatch)}, 1);
    }
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
