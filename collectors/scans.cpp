// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace volumeter {
namespace scans_collector {

constexpr MetricDesc kCpu{"volumeter_scan_cpu_seconds_total",
                          MetricType::kCounter,
                          "CPU time spent measuring sizes, including helper processes.",
                          {}};
constexpr MetricDesc kBudget{
    "volumeter_scan_budget_ratio",
    MetricType::kGauge,
    "CPU budget for measuring sizes, as a fraction of one core. Absent if unlimited.",
    {}};
constexpr MetricDesc kEntries{"volumeter_scan_entries_total",
                              MetricType::kCounter,
                              "Files and directories read while measuring sizes.",
                              {}};
constexpr MetricDesc kQueue{"volumeter_scan_queue_length",
                            MetricType::kGauge,
                            "Size measurements that are due and not yet started.",
                            {}};
constexpr MetricDesc kInProgress{
    "volumeter_scans_in_progress", MetricType::kGauge, "Size measurements in progress.", {}};
constexpr MetricDesc kPaused{
    "volumeter_scan_paused",
    MetricType::kGauge,
    "Whether size measurement is paused (1) because of I/O pressure on the "
    "host (/proc/pressure/io) or not (0).",
    {}};
constexpr MetricDesc kIndexed{
    "volumeter_scan_indexed_directories",
    MetricType::kGauge,
    "Directories tracked for changes through fanotify. They are rescanned only when they change.",
    {}};
constexpr const MetricDesc* kAll[] = {&kCpu,        &kBudget, &kEntries, &kQueue,
                                      &kInProgress, &kPaused, &kIndexed};

class ScansCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    if (!host.size_work) return out;
    const SizeWork& work = *host.size_work;
    out.add(kCpu, {}, work.cpu_seconds);
    if (work.budget_cpu_share > 0) out.add(kBudget, {}, work.budget_cpu_share);
    out.add(kEntries, {}, static_cast<double>(work.entries));
    out.add(kQueue, {}, static_cast<double>(work.queue_length));
    out.add(kInProgress, {}, static_cast<double>(work.in_progress));
    out.add(kPaused, {}, work.is_held ? 1 : 0);
    out.add(kIndexed, {}, static_cast<double>(work.indexed_directories));
    return out;
  }
};

}  // namespace scans_collector

std::unique_ptr<Collector> make_scans_collector() {
  return std::make_unique<scans_collector::ScansCollector>();
}

}  // namespace volumeter
