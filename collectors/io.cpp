// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"
#include "collectors/latency_histogram.h"
#include "exporter/model/mount_io_targets.h"
#include "exporter/model/volume_io.h"

namespace volumeter {
namespace {

constexpr LabelNames kVolume{"volume"};
constexpr LabelNames kMount{"container", "destination"};

constexpr MetricDesc kVolumeReads{
    "docker_volume_reads_total", MetricType::kCounter,
    "Reads of a volume's files that did not fail: calls of containers (ebpf), requests to the "
    "server (nfs) or to the disk (device, cgroup).",
    kVolume};
constexpr MetricDesc kVolumeWrites{
    "docker_volume_writes_total", MetricType::kCounter,
    "Writes to a volume's files that did not fail, counted where its reads are.", kVolume};
constexpr MetricDesc kVolumeFsyncs{
    "docker_volume_fsyncs_total", MetricType::kCounter,
    "Calls of fsync(2) and the like on a volume's files that did not fail; not those inside of a "
    "synchronous write.",
    kVolume};
constexpr MetricDesc kVolumeReadBytes{"docker_volume_read_bytes_total", MetricType::kCounter,
                                      "Bytes that reads of a volume's files gave.", kVolume};
constexpr MetricDesc kVolumeWrittenBytes{"docker_volume_written_bytes_total", MetricType::kCounter,
                                         "Bytes that writes to a volume's files took.", kVolume};
constexpr MetricDesc kVolumeMapped{
    "docker_volume_mapped_writes_total", MetricType::kCounter,
    "Pages of a volume's memory-mapped files that containers made dirty, once each until written "
    "back.",
    kVolume};
constexpr MetricDesc kVolumeLatency{
    "docker_volume_io_latency_seconds",
    MetricType::kHistogram,
    "How long the calls of containers to read, write or fsync a volume's files took; those that "
    "failed are left out.",
    {"volume", "operation"}};
constexpr MetricDesc kSource{
    "docker_volume_io_source_info",
    MetricType::kGauge,
    "Where the numbers of a volume's I/O come from: ebpf, nfs, device, cgroup; shared: what the "
    "kernel counts is not this volume's alone, and there is no number; 1.",
    {"volume", "source"}};
constexpr MetricDesc kMountReads{"docker_mount_reads_total", MetricType::kCounter,
                                 "Reads through one mount of a container that did not fail.",
                                 kMount};
constexpr MetricDesc kMountWrites{"docker_mount_writes_total", MetricType::kCounter,
                                  "Writes through one mount of a container that did not fail.",
                                  kMount};
constexpr MetricDesc kMountFsyncs{
    "docker_mount_fsyncs_total", MetricType::kCounter,
    "Calls of fsync(2) and the like through one mount that did not fail.", kMount};
constexpr MetricDesc kMountReadBytes{"docker_mount_read_bytes_total", MetricType::kCounter,
                                     "Bytes read through one mount of a container.", kMount};
constexpr MetricDesc kMountWrittenBytes{"docker_mount_written_bytes_total", MetricType::kCounter,
                                        "Bytes written through one mount of a container.", kMount};
constexpr MetricDesc kMountErrors{
    "docker_mount_io_errors_total",
    MetricType::kCounter,
    "Reads, writes and fsyncs through one mount that failed, by errno(3).",
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

// Shows who does how much to which volume, how fast that goes and how it fails.
class IoCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    const auto volumes = volume_io(host);
    for (std::size_t i = 0; i < volumes.size(); ++i) {
      if (volumes[i]) add_volume(*host.inventory, host.inventory->volumes[i], *volumes[i], out);
    }
    if (host.mount_io == nullptr) return out;
    for (const MountFacts& mount : host.inventory->mounts) {
      const auto found = host.mount_io->mounts.find(mount_key(*host.inventory, mount));
      if (found == host.mount_io->mounts.end()) continue;
      add_mount(host.inventory->containers[mount.container].name, mount.destination, found->second,
                out);
    }
    return out;
  }

 private:
  // The kernel tells nobody when a page of a tmpfs becomes dirty.
  static bool tells_mapped_writes(const Inventory& inventory, const VolumeFacts& volume) {
    return volume.filesystem &&
           inventory.filesystems[*volume.filesystem].fstype.escaped() != "tmpfs";
  }

  static void add_volume(const Inventory& inventory, const VolumeFacts& volume, const VolumeIo& io,
                         MetricFamilies& out) {
    const Label& name = volume.label;
    out.add(kSource, {name, source_name(io.source)}, 1);
    out.add(kVolumeReads, {name}, number(io.reads));
    out.add(kVolumeWrites, {name}, number(io.writes));
    out.add(kVolumeReadBytes, {name}, number(io.read_bytes));
    out.add(kVolumeWrittenBytes, {name}, number(io.written_bytes));
    if (io.counted == nullptr) return;
    out.add(kVolumeFsyncs, {name}, static_cast<double>(io.counted->fsyncs.operations));
    if (tells_mapped_writes(inventory, volume)) {
      out.add(kVolumeMapped, {name}, static_cast<double>(io.counted->mapped_writes));
    }
    add_latency(name, "read", io.counted->reads, out);
    add_latency(name, "write", io.counted->writes, out);
    add_latency(name, "fsync", io.counted->fsyncs, out);
  }

  // Twenty series that never moved would say nothing.
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

}  // namespace

std::unique_ptr<Collector> make_io_collector() { return std::make_unique<IoCollector>(); }

}  // namespace volumeter
