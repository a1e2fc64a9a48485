// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "collectors/builtin.h"

namespace volumeter {
namespace {

constexpr LabelNames kByDevice{"container", "device"};

constexpr MetricDesc kReads{"docker_container_reads_completed_total", MetricType::kCounter,
                            "Read requests of a running container to a block device, as its "
                            "cgroup counts them; goes on over restarts.",
                            kByDevice};
constexpr MetricDesc kWrites{"docker_container_writes_completed_total", MetricType::kCounter,
                             "Write requests of a running container to a block device.", kByDevice};
constexpr MetricDesc kReadBytes{"docker_container_read_bytes_total", MetricType::kCounter,
                                "Bytes that a running container has read from a block device; what "
                                "the page cache gives is not among them.",
                                kByDevice};
constexpr MetricDesc kWrittenBytes{
    "docker_container_written_bytes_total", MetricType::kCounter,
    "Bytes that a running container has written to a block device. What is written to the page "
    "cache counts once it is written back, and not at all with cgroup version 1.",
    kByDevice};
constexpr MetricDesc kWaiting{
    "docker_container_io_waiting_seconds_total",
    MetricType::kCounter,
    "Time in which some task of a running container waited for I/O (io.pressure, some); absent "
    "with cgroup version 1.",
    {"container"}};
constexpr MetricDesc kStalled{
    "docker_container_io_stalled_seconds_total",
    MetricType::kCounter,
    "Time in which all tasks of a running container that had work waited for I/O (io.pressure, "
    "full).",
    {"container"}};
constexpr const MetricDesc* kAll[] = {&kReads,        &kWrites,  &kReadBytes,
                                      &kWrittenBytes, &kWaiting, &kStalled};

// Shows what the cgroups of containers count. The time that single tasks waited for block
// I/O (delay accounting) is not shown: it is off since Linux 5.14 unless asked for, and what
// a thread has waited is lost with it.
class ContainersCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    for (std::size_t i = 0; i < host.container_io.size(); ++i) {
      if (!host.container_io[i]) continue;
      const Label& container = host.inventory->containers[i].name;
      for (const DeviceIo& device : host.container_io[i]->devices) {
        add_device(container, device, out);
      }
      if (host.container_io[i]->pressure) {
        add_pressure(container, *host.container_io[i]->pressure, out);
      }
    }
    return out;
  }

 private:
  static void add_device(const Label& container, const DeviceIo& device, MetricFamilies& out) {
    out.add(kReads, {container, device.name}, static_cast<double>(device.reads));
    out.add(kWrites, {container, device.name}, static_cast<double>(device.writes));
    out.add(kReadBytes, {container, device.name}, static_cast<double>(device.read_bytes));
    out.add(kWrittenBytes, {container, device.name}, static_cast<double>(device.written_bytes));
  }

  static void add_pressure(const Label& container, const IoPressure& pressure,
                           MetricFamilies& out) {
    out.add(kWaiting, {container}, Seconds(pressure.some).count());
    if (pressure.full) out.add(kStalled, {container}, Seconds(*pressure.full).count());
  }
};

}  // namespace

std::unique_ptr<Collector> make_containers_collector() {
  return std::make_unique<ContainersCollector>();
}

}  // namespace volumeter
