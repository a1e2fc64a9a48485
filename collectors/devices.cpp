// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace volumeter {
namespace devices_collector {

constexpr MetricDesc kInfo{"docker_device_info",
                           MetricType::kGauge,
                           "Block device below a filesystem that holds Docker data, or any block "
                           "device with I/O since boot if --collector.devices.all is set. The "
                           "device label is its name in /proc/diskstats. Value is always 1.",
                           {"device", "major", "minor", "model", "dm_name", "rotational"}};
constexpr MetricDesc kParentInfo{"docker_device_parent_info",
                                 MetricType::kGauge,
                                 "Parent of a block device: the disk of a partition, a member of a "
                                 "RAID array or device-mapper device, the device below the file of "
                                 "a loop device, or a path of an NVMe multipath disk. Value is "
                                 "always 1.",
                                 {"device", "parent"}};
constexpr MetricDesc kFilesystemInfo{
    "docker_filesystem_device_info",
    MetricType::kGauge,
    "Block device below a filesystem, at any level down to the disks. Joins docker_filesystem_* "
    "and docker_volume_filesystem_info to docker_device_*. Value is always 1.",
    {"mountpoint", "device"}};

// Named like node_exporter's node_disk_*, with bytes instead of sectors.
constexpr LabelNames kLabels{"device"};
constexpr MetricDesc kReads{"docker_device_reads_completed_total", MetricType::kCounter,
                            "Read requests completed by the device.", kLabels};
constexpr MetricDesc kReadsMerged{"docker_device_reads_merged_total", MetricType::kCounter,
                                  "Read requests merged in the queue.", kLabels};
constexpr MetricDesc kReadBytes{"docker_device_read_bytes_total", MetricType::kCounter,
                                "Bytes read from the device.", kLabels};
constexpr MetricDesc kReadTime{"docker_device_read_time_seconds_total", MetricType::kCounter,
                               "Total time spent on reads, summed over requests.", kLabels};
constexpr MetricDesc kWrites{
    "docker_device_writes_completed_total", MetricType::kCounter,
    "Write requests completed by the device. The kernel counts cache flushes as writes, too.",
    kLabels};
constexpr MetricDesc kWritesMerged{"docker_device_writes_merged_total", MetricType::kCounter,
                                   "Write requests merged in the queue.", kLabels};
constexpr MetricDesc kWrittenBytes{"docker_device_written_bytes_total", MetricType::kCounter,
                                   "Bytes written to the device.", kLabels};
constexpr MetricDesc kWriteTime{"docker_device_write_time_seconds_total", MetricType::kCounter,
                                "Total time spent on writes, summed over requests.", kLabels};
constexpr MetricDesc kInFlight{"docker_device_io_now", MetricType::kGauge,
                               "I/O requests in flight, queued or being processed by the device.",
                               kLabels};
constexpr MetricDesc kBusy{
    "docker_device_io_time_seconds_total", MetricType::kCounter,
    "Time with at least one I/O in progress. Its rate is the utilization of the device.", kLabels};
constexpr MetricDesc kWeighted{
    "docker_device_io_time_weighted_seconds_total", MetricType::kCounter,
    "I/O time weighted by the number of requests in flight. Its rate is the average queue length.",
    kLabels};
constexpr MetricDesc kDiscards{
    "docker_device_discards_completed_total", MetricType::kCounter,
    "Discard (TRIM) requests completed by the device. Absent before Linux 4.18.", kLabels};
constexpr MetricDesc kDiscardsMerged{
    "docker_device_discards_merged_total", MetricType::kCounter,
    "Discard requests merged in the queue. Absent before Linux 4.18.", kLabels};
constexpr MetricDesc kDiscardedBytes{"docker_device_discarded_bytes_total", MetricType::kCounter,
                                     "Bytes discarded. Absent before Linux 4.18.", kLabels};
constexpr MetricDesc kDiscardTime{
    "docker_device_discard_time_seconds_total", MetricType::kCounter,
    "Total time spent on discards, summed over requests. Absent before Linux 4.18.", kLabels};
constexpr MetricDesc kFlushes{
    "docker_device_flush_requests_total", MetricType::kCounter,
    "Cache flush requests completed by the device. Absent before Linux 5.5 and for partitions.",
    kLabels};
constexpr MetricDesc kFlushTime{"docker_device_flush_requests_time_seconds_total",
                                MetricType::kCounter,
                                "Total time spent on cache flushes, summed over requests. Absent "
                                "before Linux 5.5 and for partitions.",
                                kLabels};

constexpr const MetricDesc* kAll[] = {
    &kInfo,           &kParentInfo,     &kFilesystemInfo, &kReads,        &kReadsMerged,
    &kReadBytes,      &kReadTime,       &kWrites,         &kWritesMerged, &kWrittenBytes,
    &kWriteTime,      &kInFlight,       &kBusy,           &kWeighted,     &kDiscards,
    &kDiscardsMerged, &kDiscardedBytes, &kDiscardTime,    &kFlushes,      &kFlushTime};

// Adds the counters of one device.
class Figures {
 public:
  Figures(const DeviceFacts& device, MetricFamilies& out) : device_(device), out_(out) {}

  void add(const DiskStats& disk) {
    requests(disk.reads, kReads, kReadsMerged, kReadBytes, kReadTime);
    requests(disk.writes, kWrites, kWritesMerged, kWrittenBytes, kWriteTime);
    count(kInFlight, disk.in_flight);
    add(kBusy, disk.busy_seconds);
    add(kWeighted, disk.weighted_seconds);
    if (disk.discards) {
      requests(*disk.discards, kDiscards, kDiscardsMerged, kDiscardedBytes, kDiscardTime);
    }
    if (disk.flushes && !device_.block.is_partition) {
      count(kFlushes, disk.flushes->completed);
      add(kFlushTime, disk.flushes->seconds);
    }
  }

 private:
  void requests(const DiskStats::Requests& of, const MetricDesc& completed,
                const MetricDesc& merged, const MetricDesc& bytes, const MetricDesc& time) {
    count(completed, of.completed);
    count(merged, of.merged);
    count(bytes, of.bytes);
    add(time, of.seconds);
  }

  void count(const MetricDesc& desc, std::uint64_t value) { add(desc, static_cast<double>(value)); }

  void add(const MetricDesc& desc, double value) { out_.add(desc, {device_.name}, value); }

  const DeviceFacts& device_;
  MetricFamilies& out_;
};

constexpr LabelRef rotational_text(std::optional<bool> rotational) {
  if (!rotational) return "";
  return *rotational ? LabelRef("1") : LabelRef("0");
}

class DevicesCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    const Inventory& inventory = *host.inventory;
    for (const DeviceFacts& device : inventory.devices) add_device(device, out);
    for (const FilesystemFacts& facts : inventory.filesystems) {
      for (const std::size_t device : facts.devices) {
        out.add(kFilesystemInfo, {facts.mountpoint, inventory.devices[device].name}, 1);
      }
    }
    for (const DeviceFacts& device : inventory.devices) {
      if (const DiskStats* disk = host.stats_of(device)) Figures(device, out).add(*disk);
    }
    return out;
  }

 private:
  static void add_device(const DeviceFacts& device, MetricFamilies& out) {
    out.add(kInfo,
            {device.name, device.major, device.minor, device.model, device.dm_name,
             rotational_text(device.block.rotational)},
            1);
    for (const Label& parent : device.parents) out.add(kParentInfo, {device.name, parent}, 1);
  }
};

}  // namespace devices_collector

std::unique_ptr<Collector> make_devices_collector() {
  return std::make_unique<devices_collector::DevicesCollector>();
}

}  // namespace volumeter
