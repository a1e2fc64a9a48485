// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "collectors/builtin.h"

namespace volumeter {
namespace {

constexpr MetricDesc kBuildInfo{"volumeter_build_info",
                                MetricType::kGauge,
                                "Version and revision of this agent; 1.",
                                {"version", "revision"}};
constexpr MetricDesc kSourceUp{
    "volumeter_source_up",
    MetricType::kGauge,
    "Whether a source of facts answered when it was last asked (1) or not (0): docker, mountinfo, "
    "diskstats, statfs, sizes, ebpf_mounts, ebpf_devices, mountstats, cgroup, state.",
    {"source"}};
constexpr MetricDesc kSourceAge{"volumeter_source_age_seconds",
                                MetricType::kGauge,
                                "Age of the last good answer of a source; absent if there is none.",
                                {"source"}};
constexpr MetricDesc kSourceBad{
    "volumeter_source_bad_lines",
    MetricType::kGauge,
    "Lines or items of the newest answer of a source that could not be read and were left out.",
    {"source"}};
constexpr MetricDesc kSourceErrors{"volumeter_source_errors_total",
                                   MetricType::kCounter,
                                   "Answers of a source that failed, by kind of error.",
                                   {"source", "kind"}};
constexpr MetricDesc kCpu{"process_cpu_seconds_total",
                          MetricType::kCounter,
                          "User and system CPU time of this agent, without its helper processes.",
                          {}};
constexpr MetricDesc kResident{"process_resident_memory_bytes",
                               MetricType::kGauge,
                               "Resident memory of this agent, without its helper processes.",
                               {}};
constexpr MetricDesc kVirtual{
    "process_virtual_memory_bytes", MetricType::kGauge, "Virtual memory of this agent.", {}};
constexpr MetricDesc kStart{
    "process_start_time_seconds", MetricType::kGauge, "When this agent was started.", {}};
constexpr MetricDesc kOpenFds{
    "process_open_fds", MetricType::kGauge, "Open file descriptors of this agent.", {}};
constexpr MetricDesc kMaxFds{
    "process_max_fds", MetricType::kGauge, "Limit of open file descriptors of this agent.", {}};
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
      // A wall clock that was set back must not make an age negative.
      out.add(kSourceAge, {name}, std::max(0.0, Seconds(now - *source.last_good).count()));
    }
    for (const ErrorKind kind : kErrorKinds) {
      const auto count = source.errors[static_cast<std::size_t>(kind)];
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

}  // namespace

std::unique_ptr<Collector> make_agent_collector() { return std::make_unique<AgentCollector>(); }

}  // namespace volumeter
