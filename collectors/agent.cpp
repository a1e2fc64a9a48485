// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "collectors/collector.h"

namespace volumeter {
namespace agent_collector {

constexpr MetricDesc kBuildInfo{"volumeter_build_info",
                                MetricType::kGauge,
                                "Version and revision of this agent. Value is always 1.",
                                {"version", "revision"}};
constexpr MetricDesc kSourceUp{
    "volumeter_source_up",
    MetricType::kGauge,
    "Whether the last read of a data source succeeded (1) or failed (0). Sources: docker, "
    "mountinfo, diskstats, statfs, sizes, ebpf_mounts, ebpf_devices, mountstats, cgroup, state.",
    {"source"}};
constexpr MetricDesc kSourceAge{
    "volumeter_source_age_seconds",
    MetricType::kGauge,
    "Time since the last successful read of the data source. Absent before the first.",
    {"source"}};
constexpr MetricDesc kSourceBad{
    "volumeter_source_bad_lines",
    MetricType::kGauge,
    "Malformed lines or items skipped in the last read of the data source.",
    {"source"}};
constexpr MetricDesc kSourceErrors{"volumeter_source_errors_total",
                                   MetricType::kCounter,
                                   "Failed reads of the data source, by kind of error.",
                                   {"source", "kind"}};
constexpr MetricDesc kCpu{
    "process_cpu_seconds_total",
    MetricType::kCounter,
    "Total user and system CPU time of this agent in seconds, excluding helper processes.",
    {}};
constexpr MetricDesc kResident{
    "process_resident_memory_bytes",
    MetricType::kGauge,
    "Resident memory size of this agent in bytes, excluding helper processes.",
    {}};
constexpr MetricDesc kVirtual{"process_virtual_memory_bytes",
                              MetricType::kGauge,
                              "Virtual memory size of this agent in bytes.",
                              {}};
constexpr MetricDesc kStart{"process_start_time_seconds",
                            MetricType::kGauge,
                            "Start time of this agent since unix epoch in seconds.",
                            {}};
constexpr MetricDesc kOpenFds{
    "process_open_fds", MetricType::kGauge, "Number of open file descriptors.", {}};
constexpr MetricDesc kMaxFds{
    "process_max_fds", MetricType::kGauge, "Maximum number of open file descriptors.", {}};
constexpr const MetricDesc* kAll[] = {&kBuildInfo,    &kSourceUp, &kSourceAge, &kSourceBad,
                                      &kSourceErrors, &kCpu,      &kResident,  &kVirtual,
                                      &kStart,        &kOpenFds,  &kMaxFds};

std::optional<double> as_double(std::optional<std::uint64_t> value) {
  if (!value) return {};
  return static_cast<double>(*value);
}

class AgentCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    const Label& version = out.keep(Label(host.build.version));
    out.add(kBuildInfo, {version, out.keep(Label(host.build.revision))}, 1);
    for (const SourceHealth& source : host.sources) add_source(source, host.taken_at, out);
    add_process(host.process, out);
    return out;
  }

 private:
  static void add_source(const SourceHealth& source, WallTime now, MetricFamilies& out) {
    const LabelRef name = LabelRef::literal(source.name);
    out.add(kSourceUp, {name}, source.up ? 1 : 0);
    out.add(kSourceBad, {name}, static_cast<double>(source.bad_items));
    if (source.last_good) {
      // The wall clock may have been set back.
      out.add(kSourceAge, {name}, std::max(0.0, Seconds(now - *source.last_good).count()));
    }
    for (const ErrorKind kind : kErrorKinds) {
      const auto count = source.errors[static_cast<std::size_t>(kind)];
      if (kind == ErrorKind::kNotAsked && !source.may_decline && count == 0) continue;
      out.add(kSourceErrors, {name, LabelRef::literal(to_string(kind))},
              static_cast<double>(count));
    }
  }

  static void add_process(const ProcessStats& process, MetricFamilies& out) {
    out.add(kCpu, {}, process.cpu_seconds);
    out.add(kResident, {}, as_double(process.resident_bytes));
    out.add(kVirtual, {}, as_double(process.virtual_bytes));
    if (process.start_time) out.add(kStart, {}, unix_seconds(*process.start_time));
    out.add(kOpenFds, {}, as_double(process.open_fds));
    out.add(kMaxFds, {}, as_double(process.max_fds));
  }
};

}  // namespace agent_collector

std::unique_ptr<Collector> make_agent_collector() {
  return std::make_unique<agent_collector::AgentCollector>();
}

}  // namespace volumeter
