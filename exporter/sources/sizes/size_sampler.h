// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/os/descriptor_wait.h"
#include "exporter/sources/sizes/change_feeds.h"
#include "exporter/sources/sizes/pressure_gate.h"
#include "exporter/sources/sizes/scan_schedule.h"
#include "exporter/sources/sizes/size_options.h"
#include "exporter/sources/sizes/size_reading.h"
#include "exporter/sources/sizes/size_results.h"
#include "exporter/sources/sizes/size_target.h"
#include "exporter/sources/sizes/target_machine.h"

namespace volumeter {

// Keeps the sizes of targets fresh, within a budget: an event loop around the state machines of
// the targets (TargetMachine), which starts scans, each in a process of its own, lets one at a
// time do a little work, and passes on what they report.
//
// All but the constructor, set_targets() and what gives answers happens in one thread.
class SizeSampler {
 public:
  // Whether the filesystem at a mount point is known to hang; answers at once.
  using IsHung = std::function<bool(const std::string& mount_point)>;

  // `host` and `log` must outlive the sampler. What lies on a hung filesystem is not scanned.
  SizeSampler(const HostAccess& host, ChangeLog& log, SizeSamplerOptions options, IsHung is_hung);
  ~SizeSampler();

  // Replaces the targets; those that are gone disappear from the results.
  void set_targets(std::vector<SizeTarget> targets);

  // Sizes of targets that an earlier run measured, before they become targets: they are served, with
  // their time, until this one measures them.
  void restore(SizeReadings readings) { results_.restore(std::move(readings)); }

  // By key, those whose users wrote: a change of which no event tells is found by a walk.
  void note_writes(const std::vector<std::string>& keys);

  void start();

  // Measures all of them now, in the calling thread; not once started.
  void sample_once(std::stop_token stop);

  // Does what there is to do; gives how long to wait for more; for tests.
  std::chrono::nanoseconds step(std::stop_token stop);

  // Of SizeResults. A target appears once it was tried.
  std::shared_ptr<const SizeReadings> latest() const;
  SourceHealth health() const;

  SizeWork work() const;

 private:
  // A target and its scan in progress.
  struct Measured {
    Measured(const SizeTarget& target, const MeasuringOptions& options, IndexPool& pool,
             std::uint32_t id)
        : machine(target, options, pool, id) {}

    TargetMachine machine;
    std::unique_ptr<TreeScan> scan;
  };

  void take_targets();
  void take_writes();
  void remove(const std::string& key);
  void add_new(const std::vector<SizeTarget>& targets);
  void receive_all();
  void receive(const std::string& key, Measured& measured);
  void pass_on(const std::string& key, Measured& measured, ScanReport report);
  void give_up_silent();
  void give_turn(const std::string& key, std::stop_token stop);
  void carry_out(const std::string& key, Measured& measured, TargetOrders orders,
                 std::stop_token stop);
  void start_scan(const std::string& key, Measured& measured, const ScanOrder& order,
                  std::stop_token stop);
  void grant(const std::string& key, Measured& measured);
  void end_scan(const std::string& key, Measured& measured);

  SteadyTime give_turns(std::stop_token stop);
  void look_around(SteadyTime now);
  void look_at_pressure(SteadyTime now, bool is_scanning);
  bool is_held(SteadyTime now) const;
  void count_own_cpu();
  void wait(std::chrono::nanoseconds limit);
  void publish_work();

  const HostAccess& host_;
  ChangeLog& log_;
  const SizeSamplerOptions options_;
  const MeasuringOptions measuring_;
  const IsHung is_hung_;

  // Of the working thread alone. The machines refer to targets of the schedule.
  ScanSchedule schedule_;
  IndexPool pool_;
  ChangeFeeds feeds_;
  PressureGate gate_;
  std::unordered_map<std::string, Measured> targets_;  // by SizeTarget::key
  std::map<std::string, Measured*> scanning_;          // those with a scan
  std::uint32_t next_id_ = 0;                          // of machines
  SteadyTime next_look_{};
  SteadyTime last_step_{};    // of any scan
  bool is_scanning_ = false;  // as the gate was told last
  std::chrono::nanoseconds own_cpu_{0};
  SizeWork totals_;

  SizeResults results_;

  mutable std::mutex mutex_;  // of the three below
  std::set<std::string> written_;
  std::optional<std::vector<SizeTarget>> new_targets_;
  SizeWork work_;

  DescriptorWait waiting_;
  std::jthread thread_;  // last: it ends before the rest does
};

}  // namespace volumeter
