// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/sampled.h"
#include "exporter/base/source_health.h"
#include "exporter/base/ticker.h"
#include "exporter/sources/interface/fs_usage.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/interface/place.h"

namespace volumeter {

// Keeps the capacity of filesystems fresh: asks all of them in parallel, once each interval, in a
// background thread.
class FilesystemSampler {
 public:
  using Samples = std::map<std::string, Sampled<FsUsage>>;  // by mount point

  // `host` and `log` must outlive the sampler.
  FilesystemSampler(const HostAccess& host, ChangeLog& log, std::chrono::milliseconds interval);

  // Replaces the mounts to ask. New ones are asked at once if it is started; a mount that replaced
  // another one at the same mount point is new.
  void set_targets(const std::vector<Place>& mounts);

  void start();

  // Asks all of them now, in the calling thread; not once started.
  void sample_once(std::stop_token stop);

  // Never null. A target appears with its first answer and keeps its last good value. With the
  // error kNotAsked nothing is known of its state.
  std::shared_ptr<const Samples> latest() const;

  // Whether it does not answer (kTimeout).
  bool is_hung(const std::string& mount_point) const;

  // "statfs": up unless every target fails; each failing one is a bad item.
  SourceHealth health() const;

 private:
  using Targets = std::map<std::string, Place>;  // by mount point

  Ticker::Pause tick(std::stop_token stop);
  void sample(const Targets& targets, std::stop_token stop);
  void accept(const Place& mount, Result<FsUsage> answer, SteadyTime began);
  void drop_inodes_without_limit(const std::string& mount_point, FsUsage& usage);
  void assess_health();
  void report(const std::string& mount_point, const std::optional<Error>& before,
              const std::optional<Error>& now);
  Targets all_targets() const;
  Targets new_targets() const;

  const HostAccess& host_;
  ChangeLog& log_;
  const std::chrono::milliseconds interval_;
  SteadyTime next_round_;  // of the sampling thread alone

  mutable std::mutex mutex_;  // of those below
  Targets targets_;
  Samples samples_;
  std::map<std::string, FsUsage> out_of_inodes_;   // the first answer that said so, by mount point
  std::set<std::string> without_inode_limit_;      // mount points
  mutable std::shared_ptr<const Samples> latest_;  // a copy of samples_; null: none since a change
  SourceHealth health_;
  std::optional<Ticker> ticker_;  // last: its thread ends before the rest does
};

}  // namespace volumeter
