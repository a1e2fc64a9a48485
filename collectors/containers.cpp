// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "collectors/collector.h"

namespace volumeter {
namespace containers_collector {

constexpr LabelNames kByDevice{"container", "device"};

constexpr MetricDesc kReads{"docker_container_reads_completed_total", MetricType::kCounter,
                            "Read requests to a block device by a running container, from its "
                            "cgroup. Cumulative across container restarts.",
                            kByDevice};
constexpr MetricDesc kWrites{"docker_container_writes_completed_total", MetricType::kCounter,
                             "Write requests to a block device by a running container, from its "
                             "cgroup. Cumulative across container restarts.",
                             kByDevice};
constexpr MetricDesc kReadBytes{"docker_container_read_bytes_total", MetricType::kCounter,
                                "Bytes read from a block device by a running container. Reads "
                                "served from the page cache are not included.",
                                kByDevice};
constexpr MetricDesc kWrittenBytes{
    "docker_container_written_bytes_total", MetricType::kCounter,
    "Bytes written to a block device by a running container. Buffered writes count when they are "
    "written back. With cgroup v1 they are not included.",
    kByDevice};
constexpr MetricDesc kWaiting{"docker_container_io_waiting_seconds_total",
                              MetricType::kCounter,
                              "Total time at least one task of a running container waited for I/O "
                              "(io.pressure, some). Absent with cgroup v1.",
                              {"container"}};
constexpr MetricDesc kStalled{"docker_container_io_stalled_seconds_total",
                              MetricType::kCounter,
                              "Total time all non-idle tasks of a running container waited for I/O "
                              "simultaneously (io.pressure, full). Absent with cgroup v1.",
                              {"container"}};
constexpr const MetricDesc* kAll[] = {&kReads,        &kWrites,  &kReadBytes,
                                      &kWrittenBytes, &kWaiting, &kStalled};

// The I/O counters of the containers' cgroups. The block I/O delay of single tasks (delay
// accounting) is not exported: it is off by default since Linux 5.14, and the delay of a
// thread is lost when the thread exits.
class ContainersCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    for (const ContainerFacts& container : host.inventory->containers) {
      const ContainerIo* io = host.io_of(container);
      if (io == nullptr) continue;
      for (const DeviceIo& device : io->devices) add_device(container.name, device, out);
      if (io->pressure) add_pressure(container.name, *io->pressure, out);
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

}  // namespace containers_collector

std::unique_ptr<Collector> make_containers_collector() {
  return std::make_unique<containers_collector::ContainersCollector>();
}

}  // namespace volumeter
