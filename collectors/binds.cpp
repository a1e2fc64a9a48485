// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"
#include "collectors/scan_state.h"

namespace volumeter {
namespace binds_collector {

constexpr MetricDesc kSize{
    "docker_bind_size_bytes",
    MetricType::kGauge,
    "Apparent size of a bind-mounted host directory selected by "
    "--collector.sizes.binds, files and directories included. The source label is "
    "its path with symbolic links resolved. Sampled in the background.",
    {"source"}};
constexpr MetricDesc kAllocated{
    "docker_bind_allocated_bytes",
    MetricType::kGauge,
    "Disk space allocated to the bind-mounted directory, as du. Sampled in the background.",
    {"source"}};
constexpr MetricDesc kInodes{"docker_bind_inodes_used",
                             MetricType::kGauge,
                             "Inodes used by the bind-mounted directory, as du --inodes; includes "
                             "the directory itself. Sampled in the background.",
                             {"source"}};
constexpr MetricDesc kScanTime{"docker_bind_scan_timestamp_seconds",
                               MetricType::kGauge,
                               "Unix time of the measurement that the exported size comes from.",
                               {"source"}};
constexpr MetricDesc kScanInfo{"docker_bind_scan_info",
                               MetricType::kGauge,
                               "Method and state of the size measurement, with the values of "
                               "docker_volume_scan_info. Value is always 1.",
                               {"source", "method", "state"}};
constexpr const MetricDesc* kAll[] = {&kSize, &kAllocated, &kInodes, &kScanTime, &kScanInfo};

class BindsCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    for (const BindFacts& bind : host.inventory->binds) {
      const SizeReading* reading = host.size_of(bind);
      const auto* space = reading == nullptr ? nullptr : &reading->space;
      const bool has_value = space != nullptr && space->value;
      const LabelRef method = has_value ? method_label(space->value->method) : LabelRef("none");
      out.add(kScanInfo, {bind.source, method, scan_state(reading)}, 1);
      if (has_value) add_size(bind.source, *space, out);
    }
    return out;
  }

 private:
  static void add_size(const Label& source, const Sampled<SpaceUsage>& space, MetricFamilies& out) {
    const SpaceUsage& usage = *space.value;
    out.add(kSize, {source}, usage.apparent_bytes);
    out.add(kAllocated, {source}, static_cast<double>(usage.allocated_bytes));
    out.add(kInodes, {source}, usage.inodes);
    out.add(kScanTime, {source}, unix_seconds(space.taken_at));
  }
};

}  // namespace binds_collector

std::unique_ptr<Collector> make_binds_collector() {
  return std::make_unique<binds_collector::BindsCollector>();
}

}  // namespace volumeter
