// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/hosts/real_host.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "exporter/sources/ebpf/bpf/tracers.h"
#include "exporter/sources/sizes/changes/fanotify_feed.h"

namespace volumeter {

HostAccess make_host_access(HostPaths paths, BuildInfo build,
                            const std::shared_ptr<Prober>& prober) {
  HostAccess host;
  host.paths = std::move(paths);
  host.build = std::move(build);
  host.now = [] { return std::chrono::system_clock::now(); };
  host.steady_now = [] { return std::chrono::steady_clock::now(); };
  host.statfs = [prober](const std::vector<Place>& places, const HostAccess::OnUsage& on_answer,
                         std::stop_token stop) { prober->statfs(places, on_answer, stop); };
  host.start_scan = [prober](const ScanOrder& order, std::stop_token stop) {
    return prober->start_scan(order, stop);
  };
  host.watch_changes = [prober](const Place& place,
                                std::stop_token stop) -> Result<std::unique_ptr<ChangeFeed>> {
    auto feed = prober->watch(place, stop);
    if (!feed) return std::move(feed).error();
    return make_change_feed(std::move(feed).value());
  };
  host.trace_mounts = make_mount_tracer;
  host.trace_devices = make_device_tracer;
  host.thread_cpu = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  host.resolve = [prober](const std::vector<Place>& places, std::stop_token stop) {
    return prober->resolve(places, stop);
  };
  return host;
}

KernelUnits kernel_units() {
  KernelUnits units;
  if (const long ticks = ::sysconf(_SC_CLK_TCK); ticks > 0) {
    units.ticks_per_second = static_cast<std::uint64_t>(ticks);
  }
  if (const long bytes = ::sysconf(_SC_PAGESIZE); bytes > 0) {
    units.page_bytes = static_cast<std::uint64_t>(bytes);
  }
  return units;
}

}  // namespace volumeter
