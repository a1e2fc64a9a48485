// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"
#include "collectors/latency_histogram.h"
#include "exporter/model/volume_io_facts.h"

namespace volumeter {
namespace io_collector {

constexpr LabelNames kVolume{"volume"};
constexpr LabelNames kMount{"container", "destination"};

constexpr MetricDesc kVolumeReads{
    "docker_volume_reads_total", MetricType::kCounter,
    "Successful reads of the volume: container syscalls (I/O source ebpf), requests to the NFS "
    "server (nfs) or requests to the disk (device, cgroup). Absent if the I/O source is shared.",
    kVolume};
constexpr MetricDesc kVolumeWrites{
    "docker_volume_writes_total", MetricType::kCounter,
    "Successful writes to the volume, counted like docker_volume_reads_total.", kVolume};
constexpr MetricDesc kVolumeFsyncs{
    "docker_volume_fsyncs_total", MetricType::kCounter,
    "Successful fsync(2) and similar syscalls on files of the volume. Syncs within a synchronous "
    "write (O_SYNC) are not included. Absent unless the I/O source is ebpf.",
    kVolume};
constexpr MetricDesc kVolumeReadBytes{"docker_volume_read_bytes_total", MetricType::kCounter,
                                      "Bytes read from the volume.", kVolume};
constexpr MetricDesc kVolumeWrittenBytes{"docker_volume_written_bytes_total", MetricType::kCounter,
                                         "Bytes written to the volume.", kVolume};
constexpr MetricDesc kVolumeMapped{
    "docker_volume_mapped_writes_total", MetricType::kCounter,
    "Pages of memory-mapped files of the volume dirtied by containers. A page counts once until it "
    "is written back. Absent on tmpfs, on Linux 6.18 and later, where a page fault covers several "
    "pages, and unless the I/O source is ebpf.",
    kVolume};
constexpr MetricDesc kVolumeLatency{
    "docker_volume_io_latency_seconds",
    MetricType::kHistogram,
    "Latency of read, write and fsync syscalls of containers on the volume. Failed syscalls are "
    "not included. Absent unless the I/O source is ebpf.",
    {"volume", "operation"}};
constexpr MetricDesc kSource{
    "docker_volume_io_source_info",
    MetricType::kGauge,
    "Source of the volume's I/O counters: ebpf, nfs, device, cgroup, or shared if the kernel's "
    "counters include I/O of other volumes or containers and none are exported. The first source "
    "is kept; while it has no counters of the volume alone, the source is shared. Value is always "
    "1.",
    {"volume", "source"}};
constexpr MetricDesc kMountReads{"docker_mount_reads_total", MetricType::kCounter,
                                 "Successful reads through a mount of a container.", kMount};
constexpr MetricDesc kMountWrites{"docker_mount_writes_total", MetricType::kCounter,
                                  "Successful writes through a mount of a container.", kMount};
constexpr MetricDesc kMountFsyncs{
    "docker_mount_fsyncs_total", MetricType::kCounter,
    "Successful fsync(2) and similar syscalls through a mount of a container.", kMount};
constexpr MetricDesc kMountReadBytes{"docker_mount_read_bytes_total", MetricType::kCounter,
                                     "Bytes read through a mount of a container.", kMount};
constexpr MetricDesc kMountWrittenBytes{"docker_mount_written_bytes_total", MetricType::kCounter,
                                        "Bytes written through a mount of a container.", kMount};
constexpr MetricDesc kMountErrors{"docker_mount_io_errors_total",
                                  MetricType::kCounter,
                                  "Failed reads, writes and fsyncs through a mount of a container, "
                                  "by errno: EIO, ENOSPC, EROFS, EDQUOT, other.",
                                  {"container", "destination", "error"}};

constexpr const MetricDesc* kAll[] = {
    &kVolumeReads,        &kVolumeWrites, &kVolumeFsyncs,  &kVolumeReadBytes,
    &kVolumeWrittenBytes, &kVolumeMapped, &kVolumeLatency, &kSource,
    &kMountReads,         &kMountWrites,  &kMountFsyncs,   &kMountReadBytes,
    &kMountWrittenBytes,  &kMountErrors};

constexpr LabelRef kErrorNames[kIoErrors] = {"EIO", "ENOSPC", "EROFS", "EDQUOT", "other"};

LabelRef source_name(IoSource source) {
  switch (source) {
    case IoSource::kEbpf: return "ebpf";
    case IoSource::kNfs: return "nfs";
    case IoSource::kDevice: return "device";
    case IoSource::kCgroup: return "cgroup";
    case IoSource::kShared: return "shared";
  }
  return "shared";
}

std::optional<double> number(const std::optional<std::uint64_t>& count) {
  if (!count) return {};
  return static_cast<double>(*count);
}

// Throughput, latency and errors of volumes and of container mounts.
class IoCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    const Inventory& inventory = *host.inventory;
    for (const VolumeIo& io : host.volume_io) add_volume(host, io, out);
    for (const MountFacts& mount : inventory.mounts) {
      if (const MountIo* io = host.io_of(mount)) {
        add_mount(inventory.containers[mount.container].name, mount.destination, *io, out);
      }
    }
    return out;
  }

 private:
  static bool has_mapped_writes(const HostSnapshot& host, const VolumeFacts& volume) {
    if (!volume.filesystem) return false;
    const FilesystemFacts& filesystem = host.inventory->filesystems[*volume.filesystem];
    return !host.mount_io->without_mapped_writes.contains(std::string(filesystem.fstype.escaped()));
  }

  static void add_volume(const HostSnapshot& host, const VolumeIo& io, MetricFamilies& out) {
    const Label& name = io.volume->label;
    out.add(kSource, {name, source_name(io.source)}, 1);
    out.add(kVolumeReads, {name}, number(io.reads));
    out.add(kVolumeWrites, {name}, number(io.writes));
    out.add(kVolumeReadBytes, {name}, number(io.read_bytes));
    out.add(kVolumeWrittenBytes, {name}, number(io.written_bytes));
    if (io.counted == nullptr) return;
    out.add(kVolumeFsyncs, {name}, static_cast<double>(io.counted->fsyncs.operations));
    if (has_mapped_writes(host, *io.volume)) {
      out.add(kVolumeMapped, {name}, static_cast<double>(io.counted->mapped_writes));
    }
    add_latency(name, "read", io.counted->reads, out);
    add_latency(name, "write", io.counted->writes, out);
    add_latency(name, "fsync", io.counted->fsyncs, out);
  }

  // Saves some twenty series for an operation that never happened.
  static void add_latency(const Label& volume, LabelRef operation, const IoCounts& counts,
                          MetricFamilies& out) {
    if (counts.operations == 0) return;
    const LabelRef labels[] = {volume, operation};
    out[kVolumeLatency].add_histogram(labels, latency_histogram(counts));
  }

  static void add_mount(const Label& container, const Label& destination, const MountIo& io,
                        MetricFamilies& out) {
    const auto add = [&](const MetricDesc& desc, std::uint64_t value) {
      out.add(desc, {container, destination}, static_cast<double>(value));
    };
    add(kMountReads, io.reads.operations);
    add(kMountWrites, io.writes.operations);
    add(kMountFsyncs, io.fsyncs.operations);
    add(kMountReadBytes, io.reads.bytes);
    add(kMountWrittenBytes, io.writes.bytes);
    for (std::size_t i = 0; i < kIoErrors; ++i) {
      const std::uint64_t count =
          io.reads.errors.at(i) + io.writes.errors.at(i) + io.fsyncs.errors.at(i);
      out.add(kMountErrors, {container, destination, kErrorNames[i]}, static_cast<double>(count));
    }
  }
};

}  // namespace io_collector

std::unique_ptr<Collector> make_io_collector() {
  return std::make_unique<io_collector::IoCollector>();
}

}  // namespace volumeter
