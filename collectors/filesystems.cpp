// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace volumeter {
namespace filesystems_collector {

constexpr LabelNames kLabels{"device", "mountpoint", "fstype"};

constexpr MetricDesc kUp{
    "docker_filesystem_up", MetricType::kGauge,
    "Whether the last statfs of the filesystem succeeded (1), or failed or timed out (0). While 0, "
    "its space and inode figures are the last known. Absent while the agent cannot call statfs: "
    "too many other filesystems hang, or a permission, a syscall or a resource is missing (see "
    "its log). Sampled in the background.",
    kLabels};
constexpr MetricDesc kSize{
    "docker_filesystem_size_bytes", MetricType::kGauge,
    "Size of a filesystem that holds Docker data. Sampled in the background.", kLabels};
constexpr MetricDesc kFree{
    "docker_filesystem_free_bytes", MetricType::kGauge,
    "Free space, including blocks reserved for root. Sampled in the background.", kLabels};
constexpr MetricDesc kAvail{"docker_filesystem_avail_bytes", MetricType::kGauge,
                            "Free space available to non-root users. Sampled in the background.",
                            kLabels};
constexpr MetricDesc kFiles{"docker_filesystem_files", MetricType::kGauge,
                            "Total inodes. Absent for filesystems without a fixed number of inodes "
                            "(btrfs, CephFS). Sampled in the background.",
                            kLabels};
constexpr MetricDesc kFilesFree{"docker_filesystem_files_free", MetricType::kGauge,
                                "Free inodes. Absent for filesystems without a fixed number of "
                                "inodes (btrfs, CephFS). Sampled in the background.",
                                kLabels};
constexpr MetricDesc kReadonly{"docker_filesystem_readonly", MetricType::kGauge,
                               "Whether the filesystem is mounted read-only (1) or read-write (0). "
                               "The kernel may remount a filesystem read-only after an error.",
                               kLabels};
constexpr MetricDesc kErrors{
    "docker_filesystem_errors", MetricType::kGauge,
    "Filesystem errors recorded by ext4 since the last fsck. Absent for other filesystems. ext4 "
    "usually stops writing after an error, which some kernels do not show as read-only.",
    kLabels};
constexpr MetricDesc kTimestamp{
    "docker_filesystem_timestamp_seconds", MetricType::kGauge,
    "Unix time at which the exported space and inode figures were read.", kLabels};
constexpr MetricDesc kVolumeInfo{
    "docker_volume_filesystem_info",
    MetricType::kGauge,
    "Filesystem that holds the volume. Absent if the volume's directory "
    "does not exist on this host. Value is always 1.",
    {"volume", "device", "mountpoint", "fstype", "major", "minor"}};
constexpr const MetricDesc* kAll[] = {&kUp,        &kSize,     &kFree,   &kAvail,     &kFiles,
                                      &kFilesFree, &kReadonly, &kErrors, &kTimestamp, &kVolumeInfo};

class FilesystemsCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    const Inventory& inventory = *host.inventory;
    for (const FilesystemFacts& facts : inventory.filesystems) {
      out.add(kReadonly, {facts.device, facts.mountpoint, facts.fstype}, facts.readonly ? 1 : 0);
      if (const auto errors = host.errors_of(facts)) {
        out.add(kErrors, {facts.device, facts.mountpoint, facts.fstype},
                static_cast<double>(*errors));
      }
      if (const auto* sampled = host.usage_of(facts)) add_usage(facts, *sampled, out);
    }
    Family& info = out[kVolumeInfo];
    for (const VolumeFacts& volume : inventory.volumes) {
      if (!volume.filesystem) continue;
      // It is on that filesystem if it turns out to have data there.
      if (volume.may_be_unmounted && host.size_of(volume) == nullptr) continue;
      if (host.is_missing(volume)) continue;
      const FilesystemFacts& facts = inventory.filesystems[*volume.filesystem];
      info.add(
          {volume.label, facts.device, facts.mountpoint, facts.fstype, facts.major, facts.minor},
          1);
    }
    return out;
  }

 private:
  static void add_usage(const FilesystemFacts& facts, const Sampled<FsUsage>& sampled,
                        MetricFamilies& out) {
    const auto add = [&](const MetricDesc& desc, std::optional<std::uint64_t> value) {
      if (!value) return;
      out.add(desc, {facts.device, facts.mountpoint, facts.fstype}, static_cast<double>(*value));
    };
    if (!sampled.error || is_evidence(*sampled.error)) add(kUp, sampled.error ? 0 : 1);
    if (!sampled.value) return;
    const FsUsage& usage = *sampled.value;
    add(kSize, usage.size_bytes);
    add(kFree, usage.free_bytes);
    add(kAvail, usage.avail_bytes);
    if (usage.files > 0) {
      add(kFiles, usage.files);
      add(kFilesFree, usage.files_free);
    }
    out.add(kTimestamp, {facts.device, facts.mountpoint, facts.fstype},
            unix_seconds(sampled.taken_at));
  }
};

}  // namespace filesystems_collector

std::unique_ptr<Collector> make_filesystems_collector() {
  return std::make_unique<filesystems_collector::FilesystemsCollector>();
}

}  // namespace volumeter
