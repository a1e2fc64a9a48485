// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"
#include "collectors/scan_state.h"

namespace volumeter {
namespace sizes_collector {

constexpr MetricDesc kSize{
    "docker_volume_size_bytes",
    MetricType::kGauge,
    "Apparent size of the files and directories of the volume; hard links count "
    "once. Absent if the size comes from statfs or quota accounting, which "
    "report allocated bytes only. Sampled in the background.",
    {"volume"}};
constexpr MetricDesc kAllocated{
    "docker_volume_allocated_bytes",
    MetricType::kGauge,
    "Disk space allocated to the volume, as du; hard links count once. Usage reported by the "
    "filesystem if the method is statfs, quota or qgroup. Sampled in the background.",
    {"volume"}};
constexpr MetricDesc kInodes{"docker_volume_inodes_used",
                             MetricType::kGauge,
                             "Inodes used by the volume, as du --inodes; includes its root "
                             "directory. Sampled in the background.",
                             {"volume"}};
constexpr MetricDesc kLimit{
    "docker_volume_limit_bytes",
    MetricType::kGauge,
    "Maximum allocated bytes of the volume: its quota, the size of its dedicated filesystem, or "
    "the size set in its driver options. Absent if there is no limit.",
    {"volume"}};
constexpr MetricDesc kModified{"docker_volume_last_modified_timestamp_seconds",
                               MetricType::kGauge,
                               "Most recent modification time (mtime) of a file or directory in "
                               "the volume. Sampled in the background.",
                               {"volume"}};
constexpr MetricDesc kScanTime{"docker_volume_scan_timestamp_seconds",
                               MetricType::kGauge,
                               "Unix time of the measurement that the exported size comes from.",
                               {"volume"}};
constexpr MetricDesc kScanDuration{"docker_volume_scan_duration_seconds",
                                   MetricType::kGauge,
                                   "Duration of the measurement that the exported size comes from, "
                                   "including pauses imposed by the CPU budget.",
                                   {"volume"}};
constexpr MetricDesc kScanErrors{"docker_volume_scan_errors",
                                 MetricType::kGauge,
                                 "Files and directories of the volume that could not be read. They "
                                 "are not included in the size.",
                                 {"volume"}};
constexpr MetricDesc kScanEntries{"docker_volume_scan_entries",
                                  MetricType::kGauge,
                                  "Files and directories read for the exported size: all of them "
                                  "in a full scan, few in a rescan of changed directories.",
                                  {"volume"}};
constexpr MetricDesc kScanDrift{
    "docker_volume_scan_drift_bytes",
    MetricType::kGauge,
    "Allocated bytes by which the size maintained from change events exceeded the last full scan. "
    "Includes changes made during that scan. Absent before the first verification.",
    {"volume"}};
constexpr MetricDesc kScanInfo{
    "docker_volume_scan_info",
    MetricType::kGauge,
    "Method and state of the size measurement. Methods: walk (all files), statfs, quota and qgroup "
    "(filesystem accounting), none (not measured yet). States: measured, pending (not measured "
    "since the agent started; the exported size, if any, was measured before), unmounted (no "
    "container mounts the volume), no_path (the driver reports no mount "
    "point), permission, not_found, timeout (the filesystem is not responding), not_asked (the "
    "agent did not access the filesystem, see its log), error. In the last five states the "
    "exported size, if any, is the last known one. Value is always 1.",
    {"volume", "method", "state"}};
constexpr const MetricDesc* kAll[] = {&kSize,        &kAllocated, &kInodes,       &kLimit,
                                      &kModified,    &kScanTime,  &kScanDuration, &kScanErrors,
                                      &kScanEntries, &kScanDrift, &kScanInfo};

LabelRef state_of(const HostSnapshot& host, const VolumeFacts& volume, const SizeReading* reading) {
  if (volume.path.empty()) return "no_path";
  if (host.is_unmounted(volume)) return "unmounted";
  if (reading == nullptr && !volume.filesystem) return "not_found";
  return scan_state(reading);
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
      const SizeReading* reading = host.size_of(volume);
      info.add({volume.label, method_of(reading), state_of(host, volume, reading)}, 1);
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

}  // namespace sizes_collector

std::unique_ptr<Collector> make_sizes_collector() {
  return std::make_unique<sizes_collector::SizesCollector>();
}

}  // namespace volumeter
