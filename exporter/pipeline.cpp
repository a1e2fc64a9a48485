// SPDX-License-Identifier: Apache-2.0
#include "exporter/pipeline.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace volumeter {
namespace {

// One pass is to finish soon; what runs all the time must not load the host.
SizeSamplerOptions for_one_pass(SizeSamplerOptions sizes) {
  sizes.schedule.cpu_share = 0;
  sizes.max_io_pressure = 1;
  sizes.watch_changes = false;
  return sizes;
}

MonitorOptions monitor_options(const Config& config, const Host& host) {
  const auto wanted = [&](Needs needs) {
    for (const CollectorEntry& entry : builtin_collectors()) {
      if (entry.needs == needs && config.collectors.contains(entry.name)) return true;
    }
    return false;
  };
  // eBPF counts from the moment it is attached: in one pass its zeros would take the place of
  // what the kernel has counted since boot.
  const bool can_count = config.mode != Mode::kOnce || !host.is_machine;
  MonitorOptions options = config.monitor;
  if (config.mode != Mode::kServe) options.sizes = for_one_pass(options.sizes);
  options.docker_api_version = host.docker_api_version;
  options.watch_filesystems = wanted(Needs::kFilesystems);
  options.watch_sizes = wanted(Needs::kSizes);
  options.trace_mounts = wanted(Needs::kMountIo) && config.ebpf && can_count;
  options.trace_devices = wanted(Needs::kDeviceLatency) && config.ebpf;
  options.watch_disks = wanted(Needs::kDisks) || wanted(Needs::kMountIo);
  options.watch_containers = wanted(Needs::kContainerIo) || wanted(Needs::kMountIo);
  options.state_directory = host.state_directory;
  options.units = host.units;
  return options;
}

// Prometheus gives up after `timeout`; what is ready half a second earlier arrives in time.
Seconds time_to_collect(Seconds timeout) { return std::max(timeout - Seconds(0.5), timeout / 2); }

}  // namespace

Registry make_registry(const Config& config, const HostAccess& host,
                       const std::shared_ptr<const ServerMetrics>& server, ChangeLog& log) {
  std::vector<NamedCollector> collectors;
  for (const CollectorEntry& entry : builtin_collectors()) {
    if (config.collectors.contains(entry.name)) {
      collectors.push_back({entry.name, entry.make(server)});
    }
  }
  return Registry(std::move(collectors), host.steady_now, log);
}

Pipeline::Pipeline(const Config& config, const Host& host,
                   const std::shared_ptr<const ServerMetrics>& server, ChangeLog& log)
    : host_(host),
      monitor_(host.access, log, monitor_options(config, host)),
      registry_(make_registry(config, host.access, server, log)) {}

std::string Pipeline::scrape(const ScrapeRequest& request, Format format) {
  std::optional<SteadyTime> deadline;
  if (request.timeout) {
    deadline = host_.access.steady_now() +
               std::chrono::duration_cast<SteadyTime::duration>(time_to_collect(*request.timeout));
  }
  const auto snapshot = monitor_.snapshot();
  return render(registry_.gather(*snapshot, {request.collect, request.exclude}, deadline), format);
}

}  // namespace volumeter
