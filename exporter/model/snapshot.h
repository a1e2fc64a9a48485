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
#include "exporter/model/usage_history.h"
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

// Everything a collector may know about the host, put together once a scrape and then
// never changed. No pointer is null but those that say so. Absent means unknown; unknown is never zero.
struct HostSnapshot {
  WallTime taken_at;
  BuildInfo build;
  std::string hostname;  // for people; "this host" if the kernel does not say
  bool docker_up = false;
  std::optional<WallTime> listed_at;  // when the engine's list was taken
  std::shared_ptr<const Inventory> inventory;
  std::shared_ptr<const FilesystemReadings> filesystems;
  // By index in inventory->filesystems: errors that ext4 has found in itself; absent for others.
  std::vector<std::optional<std::uint64_t>> filesystem_errors;
  std::shared_ptr<const SizeReadings> sizes;
  std::optional<SizeWork> size_work;  // absent: no size is measured
  // By index in inventory->volumes; empty if no volume is an NFS mount with counters of its own.
  // Absent: it is none, its mount's counters are those of others too (NfsMountFacts), or they
  // are not known.
  std::vector<std::optional<NfsStats>> nfs;
  std::shared_ptr<const UsageTimes> usage;
  std::shared_ptr<const MountIoReadings> mount_io;  // null: the kernel does not count for us
  std::vector<DeviceLatency> device_latency;
  std::shared_ptr<const DiskList> disks = std::make_shared<const DiskList>();
  // By index of inventory->containers, monotonic over restarts; absent where a container does
  // not run or cannot be read. Empty: nobody wants it.
  std::vector<std::optional<ContainerIo>> container_io;
  ProcessStats process;
  std::vector<SourceHealth> sources;

  const Sampled<FsUsage>* filesystem(const FilesystemFacts& facts) const {
    const auto found = filesystems->find(facts.mount_point);
    return found == filesystems->end() ? nullptr : &found->second;
  }

  // `key` as in SizeTarget.
  const SizeReading* size(const std::string& key) const {
    const auto found = sizes->find(key);
    return found == sizes->end() ? nullptr : &found->second;
  }

  const VolumeTimes* times(const VolumeFacts& volume) const {
    const auto found = usage->find(volume.name);
    return found == usage->end() ? nullptr : &found->second;
  }
};

}  // namespace volumeter
