// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/sampled.h"
#include "exporter/base/source_health.h"
#include "exporter/base/ticker.h"
#include "exporter/sources/interface/fs_usage.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter {

// Keeps the fill level of some filesystems fresh, one after the other in a thread of its
// own. A filesystem that hangs holds up the others once, for the time limit of statfs.
class FilesystemSampler {
 public:
  using Samples = std::map<std::string, Sampled<FsUsage>>;  // by mount point

  // `host` and `log` must outlive the sampler.
  FilesystemSampler(const HostAccess& host, ChangeLog& log, std::chrono::milliseconds interval);

  // Replaces the mount points to ask about. New ones are asked at once if it is started.
  void set_targets(std::vector<std::string> mount_points);

  void start();

  // Asks all of them now, in the calling thread; not once started.
  void sample_once(std::stop_token stop);

  // Never null. A target appears once it was asked, and keeps its last good value.
  std::shared_ptr<const Samples> latest() const;

  // Whether its newest answer is that there is none (kTimeout).
  bool is_hung(const std::string& mount_point) const;

  // "statfs": up unless every target fails; each failing one is a bad item.
  SourceHealth health() const;

 private:
  Ticker::Pause tick(std::stop_token stop);
  void sample(const std::vector<std::string>& mount_points, std::stop_token stop);
  void ask(const std::string& mount_point, std::stop_token stop);
  void publish();
  void report(const std::string& mount_point, const std::optional<Error>& before,
              const std::optional<Error>& now);
  std::vector<std::string> targets() const;
  std::vector<std::string> new_targets() const;

  const HostAccess& host_;
  ChangeLog& log_;
  const std::chrono::milliseconds interval_;
  // Of the sampling thread alone.
  Samples samples_;
  SteadyTime next_round_;

  mutable std::mutex mutex_;  // of the four below
  std::vector<std::string> targets_;
  std::shared_ptr<const Samples> latest_ = std::make_shared<const Samples>();
  SourceHealth health_;
  std::optional<Ticker> ticker_;  // last: its thread ends before the rest does
};

}  // namespace volumeter
