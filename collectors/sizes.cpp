// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"

namespace volumeter {
namespace {

constexpr MetricDesc kSize{"docker_volume_size_bytes",
                           MetricType::kGauge,
                           "Apparent size of the volume, as du --apparent-size: the lengths of all "
                           "its files and directories, hard links once. Sampled.",
                           {"volume"}};
constexpr MetricDesc kAllocated{"docker_volume_allocated_bytes",
                                MetricType::kGauge,
                                "Disk space that the volume occupies, as du: the blocks of all its "
                                "files and directories, hard links once. Sampled.",
                                {"volume"}};
constexpr MetricDesc kInodes{
    "docker_volume_inodes_used",
    MetricType::kGauge,
    "Inodes of the volume, its root directory included, as du --inodes. Sampled.",
    {"volume"}};
constexpr MetricDesc kModified{"docker_volume_last_modified_timestamp_seconds",
                               MetricType::kGauge,
                               "Newest modification of a file or directory in the volume. Sampled.",
                               {"volume"}};
constexpr MetricDesc kScanTime{"docker_volume_scan_timestamp_seconds",
                               MetricType::kGauge,
                               "When the shown size was measured.",
                               {"volume"}};
constexpr MetricDesc kScanDuration{"docker_volume_scan_duration_seconds",
                                   MetricType::kGauge,
                                   "How long the measurement of the shown size took.",
                                   {"volume"}};
constexpr MetricDesc kScanErrors{
    "docker_volume_scan_errors",
    MetricType::kGauge,
    "Files and directories that could not be read in it; the size lacks them.",
    {"volume"}};
constexpr MetricDesc kScanInfo{
    "docker_volume_scan_info",
    MetricType::kGauge,
    "How the size is measured and how that goes; 1. States: measured, pending (not yet), "
    "unmounted (no container has it mounted), no_path (its driver names no directory), "
    "permission, not_found, timeout (the filesystem does not answer), error. In the last four a "
    "shown size is the last good one.",
    {"volume", "method", "state"}};
constexpr const MetricDesc* kAll[] = {&kSize,     &kAllocated,    &kInodes,     &kModified,
                                      &kScanTime, &kScanDuration, &kScanErrors, &kScanInfo};

LabelRef scan_state(const VolumeFacts& volume, const Sampled<TreeUsage>* size) {
  if (volume.path.empty()) return "no_path";
  if (volume.unmounted) return "unmounted";
  if (size == nullptr && !volume.filesystem) return "not_found";
  if (size == nullptr) return "pending";
  if (!size->error) return "measured";
  switch (size->error->kind) {
    case ErrorKind::kPermission: return "permission";
    case ErrorKind::kNotFound: return "not_found";
    case ErrorKind::kTimeout: return "timeout";
    default: return "error";
  }
}

class SizesCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    Family& info = out[kScanInfo];
    for (const VolumeFacts& volume : host.inventory->volumes) {
      const Sampled<TreeUsage>* size = host.size(volume);
      info.add({volume.label, "walk", scan_state(volume, size)}, 1);
      if (size != nullptr && size->value) add_size(volume.label, *size, out);
    }
    return out;
  }

 private:
  static void add_size(const Label& volume, const Sampled<TreeUsage>& size, MetricFamilies& out) {
    const TreeUsage& tree = *size.value;
    out.add(kSize, {volume}, static_cast<double>(tree.apparent_bytes));
    out.add(kAllocated, {volume}, static_cast<double>(tree.allocated_bytes));
    out.add(kInodes, {volume}, static_cast<double>(tree.inodes));
    if (tree.last_modified) out.add(kModified, {volume}, unix_seconds(*tree.last_modified));
    out.add(kScanTime, {volume}, unix_seconds(size.taken_at));
    out.add(kScanDuration, {volume}, size.took.count());
    out.add(kScanErrors, {volume}, static_cast<double>(tree.errors));
  }
};

}  // namespace

std::unique_ptr<Collector> make_sizes_collector() { return std::make_unique<SizesCollector>(); }

}  // namespace volumeter
