// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "exporter/base/time.h"
#include "exporter/sources/ebpf/mount_io_facts.h"
#include "exporter/sources/interface/mount_tracer.h"

namespace volumeter {

// Makes the kernel's counts monotonic: those of a mount across restarts of its container, those of
// a volume across all containers that mount it.
class MountIoTotals {
 public:
  void open(MountToken token, MountKey mount, std::string volume);

  // Adds the current counts of the kernel.
  void add(const std::unordered_map<MountToken, MountIo>& counted);

  bool is_open(MountToken token) const { return open_.contains(token); }

  // The mount is gone; after its last add().
  void close(MountToken token, SteadyTime now);

  // Drops volumes that no longer exist, and mounts that have been gone for long.
  void forget(const std::set<std::string>& volumes, SteadyTime now);

  const std::map<MountKey, MountIo>& mounts() const { return mounts_; }
  const std::map<std::string, MountIo>& volumes() const { return volumes_; }

 private:
  // With more mounts, those that are gone are dropped at once.
  static constexpr std::size_t kMaxMounts = 2000;
  static constexpr std::chrono::hours kKept{1};

  struct Account {
    MountKey mount;
    std::string volume;  // empty if none
    MountIo counted;     // already included in the sums
  };

  std::unordered_map<MountToken, Account> open_;
  std::map<MountKey, MountIo> mounts_;
  std::map<std::string, MountIo> volumes_;
  std::map<MountKey, SteadyTime> closed_;
};

}  // namespace volumeter
