// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"

namespace volumeter {
namespace {

constexpr MetricDesc kInfo{
    "docker_device_info",
    MetricType::kGauge,
    "A block device under a filesystem that holds Docker data (with --collector.devices.all any "
    "that ever worked), by its name in /proc/diskstats; 1.",
    {"device", "major", "minor", "model", "dm_name", "rotational"}};
constexpr MetricDesc kParentInfo{
    "docker_device_parent_info",
    MetricType::kGauge,
    "A device and one it is made of: the disk of a partition, the members of an array; 1.",
    {"device", "parent"}};
constexpr MetricDesc kFilesystemInfo{
    "docker_filesystem_device_info",
    MetricType::kGauge,
    "A filesystem and a block device under it, at any depth, down to the disks; 1. Joins "
    "docker_filesystem_* and docker_volume_filesystem_info to docker_device_*.",
    {"mountpoint", "device"}};

// The names are those of node_exporter's node_disk_*, but for bytes in place of sectors.
constexpr LabelNames kLabels{"device"};
constexpr MetricDesc kReads{"docker_device_reads_completed_total", MetricType::kCounter,
                            "Reads that the device completed.", kLabels};
constexpr MetricDesc kReadsMerged{"docker_device_reads_merged_total", MetricType::kCounter,
                                  "Reads that were joined to one that was waiting.", kLabels};
constexpr MetricDesc kReadBytes{"docker_device_read_bytes_total", MetricType::kCounter,
                                "Bytes read from the device.", kLabels};
constexpr MetricDesc kReadTime{"docker_device_read_time_seconds_total", MetricType::kCounter,
                               "Time that reads took, all of them added up.", kLabels};
constexpr MetricDesc kWrites{
    "docker_device_writes_completed_total", MetricType::kCounter,
    "Writes that the device completed; the kernel counts a flush as one, too.", kLabels};
constexpr MetricDesc kWritesMerged{"docker_device_writes_merged_total", MetricType::kCounter,
                                   "Writes that were joined to one that was waiting.", kLabels};
constexpr MetricDesc kWrittenBytes{"docker_device_written_bytes_total", MetricType::kCounter,
                                   "Bytes written to the device.", kLabels};
constexpr MetricDesc kWriteTime{"docker_device_write_time_seconds_total", MetricType::kCounter,
                                "Time that writes took, all of them added up.", kLabels};
constexpr MetricDesc kInFlight{"docker_device_io_now", MetricType::kGauge,
                               "Requests that are waiting or under way.", kLabels};
constexpr MetricDesc kBusy{"docker_device_io_time_seconds_total", MetricType::kCounter,
                           "Time in which the device had anything to do.", kLabels};
constexpr MetricDesc kWeighted{
    "docker_device_io_time_weighted_seconds_total", MetricType::kCounter,
    "The same, each moment times the requests of that moment: its rate is the mean queue.",
    kLabels};
constexpr MetricDesc kDiscards{
    "docker_device_discards_completed_total", MetricType::kCounter,
    "Discards (TRIM) that the device completed; absent before Linux 4.18.", kLabels};
constexpr MetricDesc kDiscardsMerged{
    "docker_device_discards_merged_total", MetricType::kCounter,
    "Discards that were joined to one that was waiting; absent before Linux 4.18.", kLabels};
constexpr MetricDesc kDiscardedBytes{"docker_device_discarded_bytes_total", MetricType::kCounter,
                                     "Bytes discarded; absent before Linux 4.18.", kLabels};
constexpr MetricDesc kDiscardTime{
    "docker_device_discard_time_seconds_total", MetricType::kCounter,
    "Time that discards took, all of them added up; absent before Linux 4.18.", kLabels};
constexpr MetricDesc kFlushes{
    "docker_device_flush_requests_total", MetricType::kCounter,
    "Flushes of its write cache that the device completed; absent before Linux 5.5, and for "
    "partitions, of which the kernel does not count them.",
    kLabels};
constexpr MetricDesc kFlushTime{
    "docker_device_flush_requests_time_seconds_total", MetricType::kCounter,
    "Time that flushes took, all of them added up; absent where their number is.", kLabels};

constexpr const MetricDesc* kAll[] = {
    &kInfo,           &kParentInfo,     &kFilesystemInfo, &kReads,        &kReadsMerged,
    &kReadBytes,      &kReadTime,       &kWrites,         &kWritesMerged, &kWrittenBytes,
    &kWriteTime,      &kInFlight,       &kBusy,           &kWeighted,     &kDiscards,
    &kDiscardsMerged, &kDiscardedBytes, &kDiscardTime,    &kFlushes,      &kFlushTime};

// Adds the figures of one device.
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
    if (disk.flushes && !device_.is_partition) {
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
      // By name, too: the number may have gone to another device since the inventory was built.
      const DiskStats* disk = host.disks->find(device.number, device.kernel_name);
      if (disk != nullptr) Figures(device, out).add(*disk);
    }
    return out;
  }

 private:
  static void add_device(const DeviceFacts& device, MetricFamilies& out) {
    out.add(
        kInfo,
        {device.name, device.major, device.minor, device.model, device.dm_name, device.rotational},
        1);
    for (const Label& parent : device.parents) out.add(kParentInfo, {device.name, parent}, 1);
  }
};

}  // namespace

std::unique_ptr<Collector> make_devices_collector() { return std::make_unique<DevicesCollector>(); }

}  // namespace volumeter
