// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/sampled.h"
#include "exporter/base/source_health.h"
#include "exporter/base/ticker.h"
#include "exporter/sources/host_access.h"
#include "exporter/sources/tree_usage.h"

namespace volumeter {

// A volume whose tree is to be measured.
struct ScanTarget {
  std::string volume;
  std::string path;         // of the host
  std::string mount_point;  // of the filesystem it lies on

  bool operator==(const ScanTarget&) const = default;
};

struct SizeSamplerOptions {
  std::chrono::milliseconds interval = std::chrono::minutes(5);
  // A scan that took long is repeated less often: not before this many times its duration.
  int gap_factor = 20;
};

// Keeps the sizes of volumes fresh: one scan at a time in a thread of its own, volumes that
// were never scanned first, then the one that is overdue longest.
class SizeSampler {
 public:
  using Samples = std::unordered_map<std::string, Sampled<TreeUsage>>;  // by volume
  using Options = SizeSamplerOptions;

  // Says of a mount point whether its filesystem does not answer; may take its time.
  using IsHung = std::function<bool(const std::string& mount_point, std::stop_token)>;

  // `host` and `log` must outlive the sampler. What lies on a hung filesystem is not scanned:
  // the scan would wait long, and all others with it.
  SizeSampler(const HostAccess& host, ChangeLog& log, Options options, IsHung is_hung);

  // Replaces the targets; those that are gone disappear from the results.
  void set_targets(const std::vector<ScanTarget>& targets);

  void start();

  // Scans all of them now, in the calling thread; not once started.
  void sample_once(std::stop_token stop);

  // Never null; the same pointer while nothing changes. A volume appears once a scan of it
  // was tried, and keeps its last good value.
  std::shared_ptr<const Samples> latest() const;

  // "sizes": up unless the newest scan of every volume failed; each failing one is a bad item.
  SourceHealth health() const;

 private:
  using Queue = std::set<std::pair<SteadyTime, std::string>>;  // due, volume

  struct Entry {
    ScanTarget target;
    SteadyTime due;
  };

  Ticker::Pause tick(std::stop_token stop);
  std::optional<ScanTarget> next_due();
  void scan(const ScanTarget& target, std::stop_token stop);
  void record(const ScanTarget& target, Result<TreeUsage> answer, SteadyTime began);
  void report(const ScanTarget& target, const std::optional<Error>& before,
              const std::optional<Error>& now);
  void put_off(const std::string& volume, SteadyTime due);
  void drop(const std::string& volume);
  std::vector<ScanTarget> all_targets() const;

  const HostAccess& host_;
  ChangeLog& log_;
  const Options options_;
  const IsHung is_hung_;

  mutable std::mutex mutex_;  // of all below
  std::unordered_map<std::string, Entry> entries_;
  Queue queue_;  // each of entries_ once
  Samples samples_;
  std::size_t failing_ = 0;  // of samples_
  SourceHealth health_;
  // A copy of samples_, made when it is asked for; null once they differ. However many
  // volumes are scanned between two scrapes, one copy is made.
  mutable std::shared_ptr<const Samples> published_;
  std::optional<Ticker> ticker_;  // last: its thread ends before the rest does
};

}  // namespace volumeter
