// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "collectors/builtin.h"

namespace volumeter {
namespace {

constexpr MetricDesc kEntries{
    "docker_volume_entries",
    MetricType::kGauge,
    "Inodes of the volume by kind: file, directory (its root included), "
    "symlink, other (devices, sockets, named pipes). As of the last full walk.",
    {"volume", "kind"}};
constexpr MetricDesc kOld{
    "docker_volume_old_bytes",
    MetricType::kGauge,
    "Disk space of what was not modified for at least that many days: cold "
    "data. A smaller number of days includes the larger ones. As of the last full walk.",
    {"volume", "days"}};
constexpr MetricDesc kLargest{"docker_volume_largest_file_bytes",
                              MetricType::kGauge,
                              "Length of the largest file in the volume. As of the last full walk.",
                              {"volume"}};
constexpr MetricDesc kSetuid{"docker_volume_setuid_files",
                             MetricType::kGauge,
                             "Files in the volume that run with the rights of their owner "
                             "(set-user-ID). As of the last full walk.",
                             {"volume"}};
constexpr MetricDesc kDevices{
    "docker_volume_device_nodes",
    MetricType::kGauge,
    "Block and character devices in the volume. As of the last full walk.",
    {"volume"}};
constexpr const MetricDesc* kAll[] = {&kEntries, &kOld, &kLargest, &kSetuid, &kDevices};

constexpr std::array<LabelRef, 4> kDays{"7", "30", "90", "365"};
static_assert(TreeContents::kAgeDays == std::array{7, 30, 90, 365});

// Shows what only a walk tells of a volume.
class ContentsCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    for (const VolumeFacts& volume : host.inventory->volumes) {
      const SizeReading* reading = host.size(volume.name);
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

}  // namespace

std::unique_ptr<Collector> make_contents_collector() {
  return std::make_unique<ContentsCollector>();
}

}  // namespace volumeter
