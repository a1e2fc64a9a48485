// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/wake_up.h"
#include "exporter/model/snapshot.h"
#include "exporter/model/volume_io_totals.h"
#include "exporter/monitor/change_feed_check.h"
#include "exporter/monitor/container_io_keeper.h"
#include "exporter/monitor/monitor_options.h"
#include "exporter/monitor/mount_view_keeper.h"
#include "exporter/monitor/path_resolver.h"
#include "exporter/monitor/size_keeper.h"
#include "exporter/monitor/usage_keeper.h"
#include "exporter/monitor/write_lookout.h"
#include "exporter/sources/capacity/filesystem_sampler.h"
#include "exporter/sources/docker/watcher.h"
#include "exporter/sources/ebpf/device_latency_watch.h"
#include "exporter/sources/ebpf/mount_io_watch.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/block_devices.h"
#include "exporter/sources/kernel/disk_reader.h"
#include "exporter/sources/kernel/mount_table.h"
#include "exporter/sources/kernel/mountstats_file.h"
#include "exporter/sources/kernel/process_stats.h"
#include "exporter/sources/sizes/size_sampler.h"

namespace volumeter {

// Keeps the facts about the host up to date in the background and hands out snapshots of them.
// snapshot() reads memory and a few files of /proc and /sys: it never waits for Docker, a disk or
// a network.
class HostMonitor {
 public:
  // `host` and `log` must outlive it.
  HostMonitor(const HostAccess& host, ChangeLog& log, MonitorOptions options);

  // Asks every source once, one after the other, and returns when each has answered or timed out.
  // Writes nothing. For --once and --check.
  void sample_once(std::stop_token stop);

  // What --check asks beyond that, after sample_once(): whether history can be written, and
  // whether the filesystems whose volumes are scanned offer change events.
  std::vector<ChangeFeedCheck> check_once(bool wants_change_feeds, std::stop_token stop);

  // Starts the background threads; they end with this object.
  void start();

  std::shared_ptr<const HostSnapshot> snapshot();

  // Whether Docker was asked once, whatever it answered.
  bool ready() const;

 private:
  // Makes the parts that the options ask for.
  void make_parts(const HostAccess& host, ChangeLog& log);
  // Rebuilds the inventory if Docker or the mount table changed, and passes on new targets.
  void refresh(std::stop_token stop);
  std::shared_ptr<const Inventory> build() const;
  std::vector<BlockDevice> find_more_devices();
  void publish(std::shared_ptr<const Inventory> inventory);
  void set_targets(const Inventory& inventory, const MountList& mounts);
  bool is_shown(std::uint32_t pid, const MountList& host_mounts) const;
  void save_sizes();
  SourceHealth state_health() const;
  void add_counters(HostSnapshot& snapshot);
  void look_for_writes();
  void add_parts(HostSnapshot& snapshot);
  std::shared_ptr<const Inventory> inventory() const;
  std::vector<SourceHealth> source_health(const docker::State& docker) const;

  const HostAccess& host_;
  ChangeLog& log_;
  const MonitorOptions options_;
  const std::optional<WallTime> boot_time_;
  const std::string hostname_;

  MountTable mounts_;
  MountstatsFile mountstats_;
  MountViewKeeper mount_views_;
  UsageKeeper usage_;
  SizeKeeper saved_sizes_;  // of the refreshing thread alone

  // Absent: the options leave it out, and the host is never asked for it.
  std::optional<DiskReader> disks_;
  std::optional<FilesystemSampler> filesystems_;
  std::optional<SizeSampler> sizes_;
  std::optional<MountIoWatch> mount_io_;
  std::optional<DeviceLatencyWatch> device_latency_;
  std::optional<ContainerIoKeeper> container_io_;
  std::optional<WriteLookout> write_lookout_;  // of the refreshing thread alone

  // Used by the refreshing thread only: what the newest inventory was built from.
  PathResolver resolver_;
  std::shared_ptr<const docker::Facts> facts_;
  std::shared_ptr<const MountList> mount_list_;
  std::vector<BlockDevice> more_devices_;  // name and number alone

  std::mutex counters_mutex_;  // guards the one below
  VolumeIoTotals volume_io_;

  mutable std::mutex mutex_;  // guards the two below
  std::shared_ptr<const Inventory> inventory_ = std::make_shared<const Inventory>();
  bool ready_ = false;

  // In this order: each thread below uses the members above it and ends before them.
  WakeUp changed_;
  docker::Watcher watcher_;
  std::jthread refresher_;
};

}  // namespace volumeter
