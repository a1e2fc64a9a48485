// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"

namespace volumeter {
namespace {

constexpr MetricDesc kCpu{"volumeter_scan_cpu_seconds_total",
                          MetricType::kCounter,
                          "CPU time spent on measuring sizes, helper processes included.",
                          {}};
constexpr MetricDesc kBudget{
    "volumeter_scan_budget_ratio",
    MetricType::kGauge,
    "Share of one core that measuring sizes may use; absent if it is not limited.",
    {}};
constexpr MetricDesc kEntries{"volumeter_scan_entries_total",
                              MetricType::kCounter,
                              "Files and directories looked at while measuring sizes.",
                              {}};
constexpr MetricDesc kQueue{"volumeter_scan_queue_length",
                            MetricType::kGauge,
                            "Volumes and other targets that are due to be measured and wait.",
                            {}};
constexpr MetricDesc kInProgress{"volumeter_scans_in_progress",
                                 MetricType::kGauge,
                                 "Measurements that have begun and are not done.",
                                 {}};
constexpr MetricDesc kHeld{
    "volumeter_scan_held",
    MetricType::kGauge,
    "Whether measuring pauses (1) because others wait for the disks, as /proc/pressure/io says.",
    {}};
constexpr MetricDesc kIndexed{
    "volumeter_scan_indexed_directories",
    MetricType::kGauge,
    "Directories of which only changes are looked at, as the kernel (fanotify) names them.",
    {}};
constexpr const MetricDesc* kAll[] = {&kCpu,        &kBudget, &kEntries, &kQueue,
                                      &kInProgress, &kHeld,   &kIndexed};

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
    out.add(kHeld, {}, work.is_held ? 1 : 0);
    out.add(kIndexed, {}, static_cast<double>(work.indexed_directories));
    return out;
  }
};

}  // namespace

std::unique_ptr<Collector> make_scans_collector() { return std::make_unique<ScansCollector>(); }

}  // namespace volumeter
