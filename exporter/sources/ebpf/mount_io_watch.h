// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/sources/ebpf/mount_io_facts.h"
#include "exporter/sources/ebpf/mount_io_totals.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/interface/mount_tracer.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// Counts I/O through the mounts of containers with eBPF: finds each mount in the mount namespace of
// its container, watches it while the container runs and sums up across restarts. Thread-safe.
class MountIoWatch {
 public:
  // Keeps references to both.
  MountIoWatch(const HostAccess& host, ChangeLog& log) : host_(host), log_(log) {}

  // The mounts of running containers, all volumes and the mounts of the host. The first call loads
  // the eBPF programs, which can take a second. For one thread at a time.
  void set_targets(const std::vector<MountIoTarget>& targets, const std::set<std::string>& volumes,
                   const MountList& host_mounts);

  // The current counters; null without eBPF. Takes a few system calls.
  std::shared_ptr<const MountIoReadings> latest();

  SourceHealth health() const;  // "ebpf_mounts"

 private:
  struct Watched {
    MountIdentity identity;
    std::uint32_t pid = 0;
    MountToken token = 0;
  };
  // The mounts of one container.
  struct View {
    std::uint64_t namespace_id = 0;
    std::vector<Mount> mounts;
  };

  static constexpr std::chrono::minutes kRetry{1};

  using Targets = std::map<MountKey, const MountIoTarget*>;

  bool has_tracer();
  std::map<MountKey, Watched> find_new(const Targets& wanted, const MountList& host_mounts);
  static bool has_other_mounts(const Targets& wanted, const std::string& container);
  std::map<std::uint32_t, View> look_into(const std::set<std::uint32_t>& pids,
                                          const MountList& host_mounts);
  bool follow(const std::string& fstype);
  void drop(const Targets& wanted);
  bool watch(const MountIoTarget& target, Watched found);
  void collect();

  const HostAccess& host_;
  ChangeLog& log_;
  bool was_started_ = false;
  std::map<std::string, SteadyTime>
      refused_;  // by filesystem type; only for the thread that sets targets

  mutable std::mutex mutex_;  // guards the members below
  std::unique_ptr<MountTracer> tracer_;
  MountToken last_token_ = 0;
  std::map<MountKey, Watched> watched_;
  MountIoTotals totals_;
  std::set<std::string> uncounted_volumes_;
  std::set<std::string> without_mapped_writes_;
  SourceHealth health_{
      .name = "ebpf_mounts", .provides = "I/O of volumes, counted by eBPF", .is_required = false};
};

// The mount at `destination` in `mounts`, the mounts of a container. Found by its mount point or, if
// the destination contains a symbolic link (/var/run), by the mounted directory: `data` is the
// host's mount of the data and the directory in its filesystem. Null if there is none.
const Mount* find_container_mount(const std::vector<Mount>& mounts, const std::string& destination,
                                  const std::optional<std::pair<const Mount*, std::string>>& data);

}  // namespace volumeter
