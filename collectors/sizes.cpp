// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"
#include "collectors/scan_state.h"

namespace volumeter {
namespace {

constexpr MetricDesc kSize{"docker_volume_size_bytes",
                           MetricType::kGauge,
                           "Apparent size of the volume, as du --apparent-size: the lengths of all "
                           "its files and directories, hard links once. Sampled; absent where the "
                           "filesystem's own accounts are read instead of the tree, which know the "
                           "allocated bytes alone.",
                           {"volume"}};
constexpr MetricDesc kAllocated{"docker_volume_allocated_bytes",
                                MetricType::kGauge,
                                "Disk space that the volume occupies: the blocks of all its files "
                                "and directories as du has it, hard links once; or what the "
                                "filesystem accounts to it. Sampled.",
                                {"volume"}};
constexpr MetricDesc kInodes{
    "docker_volume_inodes_used",
    MetricType::kGauge,
    "Inodes of the volume, its root directory included, as du --inodes. Sampled.",
    {"volume"}};
constexpr MetricDesc kLimit{"docker_volume_limit_bytes",
                            MetricType::kGauge,
                            "Allocated bytes that the volume may reach: its quota, the size of its "
                            "own filesystem, or what its options say.",
                            {"volume"}};
constexpr MetricDesc kModified{"docker_volume_last_modified_timestamp_seconds",
                               MetricType::kGauge,
                               "Newest modification of a file or directory in the volume. Sampled.",
                               {"volume"}};
constexpr MetricDesc kScanTime{"docker_volume_scan_timestamp_seconds",
                               MetricType::kGauge,
                               "When the shown size was measured.",
                               {"volume"}};
constexpr MetricDesc kScanDuration{
    "docker_volume_scan_duration_seconds",
    MetricType::kGauge,
    "From beginning to end of the measurement of the shown size, with "
    "the pauses that the budget imposes.",
    {"volume"}};
constexpr MetricDesc kScanErrors{
    "docker_volume_scan_errors",
    MetricType::kGauge,
    "Files and directories that could not be read in it; the size lacks them.",
    {"volume"}};
constexpr MetricDesc kScanEntries{
    "docker_volume_scan_entries",
    MetricType::kGauge,
    "Files and directories looked at for the shown size: all of them in a walk, few where only "
    "what changed was looked at.",
    {"volume"}};
constexpr MetricDesc kScanDrift{
    "docker_volume_scan_drift_bytes",
    MetricType::kGauge,
    "By how many allocated bytes the size that is kept up by looking at changes was too large "
    "when a full walk last proved it; what changed during that walk is in it. Absent before.",
    {"volume"}};
constexpr MetricDesc kScanInfo{
    "docker_volume_scan_info",
    MetricType::kGauge,
    "How the size is measured (walk: every file; statfs, quota, qgroup: by the filesystem's own "
    "accounts; none: not yet) and how that goes; 1. States: measured, pending (not yet), "
    "unmounted (no container has it mounted), no_path (its driver names no directory), "
    "permission, not_found, timeout (the filesystem does not answer), error. In the last four a "
    "shown size is the last good one.",
    {"volume", "method", "state"}};
constexpr const MetricDesc* kAll[] = {&kSize,        &kAllocated, &kInodes,       &kLimit,
                                      &kModified,    &kScanTime,  &kScanDuration, &kScanErrors,
                                      &kScanEntries, &kScanDrift, &kScanInfo};

LabelRef state_of(const VolumeFacts& volume, const SizeReading* reading) {
  if (volume.path.empty()) return "no_path";
  if (volume.unmounted) return "unmounted";
  if (reading == nullptr && !volume.filesystem) return "not_found";
  return scan_state(reading == nullptr ? nullptr : &reading->space);
}

LabelRef method_of(const SizeReading* reading) {
  if (reading == nullptr || !reading->space.value) return "none";
  return method_label(reading->space.value->method);
}

class SizesCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    Family& info = out[kScanInfo];
    for (const VolumeFacts& volume : host.inventory->volumes) {
      const SizeReading* reading = host.size(volume.name);
      info.add({volume.label, method_of(reading), state_of(volume, reading)}, 1);
      add_limit(volume, reading, out);
      if (reading != nullptr && reading->space.value) add_size(volume.label, *reading, out);
    }
    return out;
  }

 private:
  static void add_limit(const VolumeFacts& volume, const SizeReading* reading,
                        MetricFamilies& out) {
    std::optional<std::uint64_t> limit = volume.limit_bytes;
    if (reading != nullptr && reading->space.value && reading->space.value->limit_bytes) {
      limit = reading->space.value->limit_bytes;
    }
    add_known(kLimit, volume.label, limit, out);
  }

  static void add_size(const Label& volume, const SizeReading& reading, MetricFamilies& out) {
    const SpaceUsage& space = *reading.space.value;
    add_known(kSize, volume, space.apparent_bytes, out);
    out.add(kAllocated, {volume}, static_cast<double>(space.allocated_bytes));
    add_known(kInodes, volume, space.inodes, out);
    if (space.last_modified) out.add(kModified, {volume}, unix_seconds(*space.last_modified));
    out.add(kScanTime, {volume}, unix_seconds(reading.space.taken_at));
    out.add(kScanDuration, {volume}, reading.space.took.count());
    out.add(kScanErrors, {volume}, static_cast<double>(space.errors));
    out.add(kScanEntries, {volume}, static_cast<double>(reading.entries));
    if (reading.drift_bytes) {
      out.add(kScanDrift, {volume}, static_cast<double>(*reading.drift_bytes));
    }
  }

  static void add_known(const MetricDesc& desc, const Label& volume,
                        const std::optional<std::uint64_t>& value, MetricFamilies& out) {
    if (value) out.add(desc, {volume}, static_cast<double>(*value));
  }
};

}  // namespace

std::unique_ptr<Collector> make_sizes_collector() { return std::make_unique<SizesCollector>(); }

}  // namespace volumeter
