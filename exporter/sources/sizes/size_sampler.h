// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/os/descriptor_wait.h"
#include "exporter/sources/sizes/change_tracker.h"
#include "exporter/sources/sizes/pressure_gate.h"
#include "exporter/sources/sizes/scan_schedule.h"
#include "exporter/sources/sizes/size_options.h"
#include "exporter/sources/sizes/size_reading.h"
#include "exporter/sources/sizes/size_results.h"
#include "exporter/sources/sizes/size_target.h"

namespace volumeter {

// Keeps the sizes of targets fresh, within a budget: several scans in progress, each in a
// process of its own, of which one at a time does a little work.
//
// All but the constructor, set_targets() and what gives answers happens in one thread.
class SizeSampler {
 public:
  // Says of a mount point whether its filesystem does not answer; may take its time.
  using IsHung = std::function<bool(const std::string& mount_point, std::stop_token)>;

  // A scan that says nothing for so long is given up.
  static constexpr std::chrono::seconds kSilence{30};

  // `host` and `log` must outlive the sampler. What lies on a hung filesystem is not scanned.
  SizeSampler(const HostAccess& host, ChangeLog& log, SizeSamplerOptions options, IsHung is_hung);
  ~SizeSampler();

  // Replaces the targets; those that are gone disappear from the results.
  void set_targets(std::vector<SizeTarget> targets);

  void start();

  // Measures all of them now, in the calling thread; not once started.
  void sample_once(std::stop_token stop);

  // Does what there is to do and tells how long to wait for more; for tests.
  std::chrono::nanoseconds step(std::stop_token stop);

  // Of SizeResults. A target appears once it was tried.
  std::shared_ptr<const SizeReadings> latest() const;
  SourceHealth health() const;

  SizeWork work() const;

 private:
  struct Measurement;

  void take_targets();
  void receive_all();
  void receive(const std::string& key);
  void give_up_silent();
  void look_around(SteadyTime now);
  void look_at_pressure(SteadyTime now, bool was_running);
  bool is_held(SteadyTime now) const;
  bool hangs(const std::string& key, const std::string& mount_point, SteadyTime now,
             std::stop_token stop);
  bool is_likely_walked(const SizeTarget& target) const;
  void start_scan(const std::string& key, std::stop_token stop);
  void resume(const std::string& key, std::stop_token stop);
  void send_order(const std::string& key, Measurement& measurement, std::stop_token stop);
  void order_done(const std::string& key, ScanReport report);
  void walk_instead(const std::string& key, Measurement& measurement);
  void look_done(const std::string& key, Measurement& measurement);
  void walk_done(const std::string& key, Measurement& measurement, const SpaceUsage& space);
  bool from_index(const std::string& key, Measurement& measurement);
  void accept(const std::string& key, const Measurement& measurement, const SpaceUsage& space);
  void fail(const std::string& key, const Error& error);
  void abandon(const std::string& key);
  void wait(std::chrono::nanoseconds limit);
  void publish_work();

  const HostAccess& host_;
  const SizeSamplerOptions options_;
  const IsHung is_hung_;

  // Of the working thread alone.
  ScanSchedule schedule_;
  ChangeTracker tracker_;
  PressureGate gate_;
  std::map<std::string, Measurement> measurements_;  // in progress
  std::unordered_map<std::string, SteadyTime> proven_;
  std::unordered_map<std::string, SteadyTime> answered_;  // by mount point
  // A target whose scan hangs, by mount point: the only one that is tried there.
  std::unordered_map<std::string, std::string> silent_;
  SteadyTime next_look_{};
  SteadyTime last_step_{};  // of any scan
  std::chrono::nanoseconds own_cpu_{0};
  SizeWork totals_;

  SizeResults results_;

  mutable std::mutex mutex_;  // of the two below
  std::optional<std::vector<SizeTarget>> new_targets_;
  SizeWork work_;

  DescriptorWait waiting_;
  std::jthread thread_;  // last: it ends before the rest does
};

}  // namespace volumeter
