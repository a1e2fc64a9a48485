// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exporter/base/build_info.h"
#include "exporter/base/sampled.h"
#include "exporter/base/source_health.h"
#include "exporter/model/inventory.h"
#include "exporter/model/mount_comparison.h"
#include "exporter/model/usage_history.h"
#include "exporter/model/volume_io_facts.h"
#include "exporter/sources/cgroup/container_io.h"
#include "exporter/sources/ebpf/mount_io_facts.h"
#include "exporter/sources/interface/device_tracer.h"
#include "exporter/sources/interface/fs_usage.h"
#include "exporter/sources/kernel/diskstats.h"
#include "exporter/sources/kernel/mountstats.h"
#include "exporter/sources/kernel/process_stats.h"
#include "exporter/sources/sizes/size_reading.h"

namespace volumeter {

using FilesystemReadings = std::map<std::string, Sampled<FsUsage>>;  // by mount point

// Everything a collector may know about the host, put together once per scrape and then
// immutable. No pointer is null unless it says so. Absent means unknown; unknown is never zero.
//
// The functions join what was read to what exists. They take elements of `inventory` itself, by
// reference, and return null or nothing where there is no reading; none builds a key per volume.
struct HostSnapshot {
  WallTime taken_at;
  BuildInfo build;
  std::string hostname;  // for display; "this host" if the kernel does not say
  bool docker_up = false;
  std::optional<WallTime> listed_at;  // when the engine's list was taken
  std::shared_ptr<const Inventory> inventory;
  std::shared_ptr<const FilesystemReadings> filesystems =
      std::make_shared<const FilesystemReadings>();
  // By index in inventory->filesystems; absent: not ext4.
  std::vector<std::optional<std::uint64_t>> filesystem_errors;
  std::shared_ptr<const std::vector<MountMismatchFacts>> mount_mismatches =
      std::make_shared<const std::vector<MountMismatchFacts>>();
  std::shared_ptr<const SizeReadings> sizes = std::make_shared<const SizeReadings>();
  std::optional<SizeWork> size_work;  // absent: sizes are not measured
  // By index in inventory->volumes; empty if no volume is an NFS mount with its own counters.
  std::vector<std::optional<NfsStats>> nfs;
  std::shared_ptr<const UsageTimes> usage = std::make_shared<const UsageTimes>();
  std::shared_ptr<const MountIoReadings> mount_io;  // null: not counted by eBPF
  std::vector<DeviceLatency> device_latency;        // by device number
  std::shared_ptr<const DiskList> disks = std::make_shared<const DiskList>();
  // By index in inventory->containers; empty if cgroups are not read.
  std::vector<std::optional<ContainerIo>> container_io;
  // Of volumes that have any, with counters that never change what they count.
  std::vector<VolumeIo> volume_io;
  ProcessStats process;
  std::vector<SourceHealth> sources;

  const Sampled<FsUsage>* usage_of(const FilesystemFacts& filesystem) const;

  // Errors that ext4 recorded since its last repair; nothing for other filesystems.
  std::optional<std::uint64_t> errors_of(const FilesystemFacts& filesystem) const;

  // Null for a volume that is not mounted.
  const SizeReading* size_of(const VolumeFacts& volume) const;
  // Whether nothing of its data is here: it is mounted only while a container has it.
  bool is_unmounted(const VolumeFacts& volume) const;
  // Whether its directory is not on this host, as that of an engine in another machine.
  bool is_missing(const VolumeFacts& volume) const;
  const SizeReading* size_of(const BindFacts& bind) const;
  const SizeReading* size_of(const MountFacts& tmpfs) const;

  const VolumeTimes* times_of(const VolumeFacts& volume) const;

  // Null if the volume is no NFS mount, or if the counters of its mount include other mounts
  // (NfsMountFacts) or could not be read.
  const NfsStats* nfs_of(const VolumeFacts& volume) const;

  // Counted by eBPF. Null if it is not watched.
  const MountIo* io_of(const MountFacts& mount) const;

  // Cumulative across restarts. Null if the container is not running or cannot be read.
  const ContainerIo* io_of(const ContainerFacts& container) const;

  // Null also if the device number belongs to another device by now, and for an NVMe disk whose I/O
  // the kernel counts on its paths alone.
  const DiskStats* stats_of(const DeviceFacts& device) const;

  const DeviceLatency* latency_of(const DeviceFacts& device) const;
};

}  // namespace volumeter
