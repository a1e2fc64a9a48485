// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "collectors/collector.h"

namespace volumeter {
namespace contents_collector {

constexpr MetricDesc kEntries{
    "docker_volume_entries",
    MetricType::kGauge,
    "Inodes of the volume by kind: file, directory (including the root), symlink, other (device, "
    "socket, named pipe). From the last full scan.",
    {"volume", "kind"}};
constexpr MetricDesc kOld{
    "docker_volume_old_bytes",
    MetricType::kGauge,
    "Cold data: allocated bytes of files and directories not modified for at least this many days. "
    "Cumulative: 7 days includes 30 days. From the last full scan.",
    {"volume", "days"}};
constexpr MetricDesc kLargest{
    "docker_volume_largest_file_bytes",
    MetricType::kGauge,
    "Apparent size of the largest file in the volume. From the last full scan.",
    {"volume"}};
constexpr MetricDesc kSetuid{"docker_volume_setuid_files",
                             MetricType::kGauge,
                             "Setuid files in the volume. From the last full scan.",
                             {"volume"}};
constexpr MetricDesc kDevices{
    "docker_volume_device_nodes",
    MetricType::kGauge,
    "Block and character device nodes in the volume. From the last full scan.",
    {"volume"}};
constexpr const MetricDesc* kAll[] = {&kEntries, &kOld, &kLargest, &kSetuid, &kDevices};

constexpr std::array<LabelRef, 4> kDays{"7", "30", "90", "365"};
static_assert(TreeContents::kAgeDays == std::array{7, 30, 90, 365});

// Figures that only a full scan of a volume provides.
class ContentsCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    for (const VolumeFacts& volume : host.inventory->volumes) {
      const SizeReading* reading = host.size_of(volume);
      if (reading == nullptr || !reading->space.value) continue;
      const auto& contents = reading->space.value->contents;
      if (contents) add_contents(volume.label, *contents, out);
    }
    return out;
  }

 private:
  static void add_contents(const Label& volume, const TreeContents& contents, MetricFamilies& out) {
    const auto value = [](std::uint64_t count) { return static_cast<double>(count); };
    Family& entries = out[kEntries];
    entries.add({volume, "file"}, value(contents.files));
    entries.add({volume, "directory"}, value(contents.directories));
    entries.add({volume, "symlink"}, value(contents.symlinks));
    entries.add({volume, "other"}, value(contents.others));
    Family& old = out[kOld];
    for (std::size_t i = 0; i < kDays.size(); ++i) {
      old.add({volume, kDays[i]}, value(contents.old_bytes[i]));
    }
    out.add(kLargest, {volume}, value(contents.largest_file_bytes));
    out.add(kSetuid, {volume}, value(contents.setuid_files));
    out.add(kDevices, {volume}, value(contents.device_nodes));
  }
};

}  // namespace contents_collector

std::unique_ptr<Collector> make_contents_collector() {
  return std::make_unique<contents_collector::ContentsCollector>();
}

}  // namespace volumeter
