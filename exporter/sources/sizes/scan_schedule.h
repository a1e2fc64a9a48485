// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exporter/base/time.h"
#include "exporter/sources/interface/tree_scan.h"
#include "exporter/sources/sizes/scan_budget.h"
#include "exporter/sources/sizes/size_options.h"
#include "exporter/sources/sizes/size_target.h"

namespace volumeter {

// Decides which target is measured next, which scan goes on and when, so that all together
// keep to a budget. Plain logic: is told the time, starts nothing.
//
// The cheapest comes first: a target that is due before one in progress, a scan that has just begun
// before one that has run for an hour. One that has waited for kPatience has every other turn. A
// long scan in progress keeps its place, so the largest ends as well; there are so few of these
// places that others are left for what is short. A scan that stalls holds up no other.
class ScanSchedule {
 public:
  static constexpr std::chrono::seconds kPatience{10};
  static constexpr std::chrono::seconds kStalledAfter{1};
  static constexpr std::size_t kMaxScans = 16;
  static constexpr std::size_t kMaxLongScans = kMaxScans / 2;
  static constexpr std::size_t kMaxStalled = 48;  // they take no place of the others

  explicit ScanSchedule(ScanScheduleOptions options);

  // Replaces the targets. Gives the keys of those that are gone or are not what they were: a
  // scan of them in progress is to be dropped.
  std::vector<std::string> set_targets(const std::vector<SizeTarget>& targets);

  // What is to be done next.
  struct Turn {
    enum class Kind { kWait, kStart, kResume };
    Kind kind = Kind::kWait;
    std::string key;   // kStart, kResume
    SteadyTime until;  // kWait: the time by which to ask again
  };
  // `held`: nothing new may run now, because others need the disk.
  Turn next(SteadyTime now, bool held);

  // How much the scan that next() named may do.
  ScanGrant grant() const;

  void running(const std::string& key, SteadyTime now);  // begins or goes on
  void paused(const std::string& key, std::chrono::nanoseconds cpu, SteadyTime now);

  // False: it has turned out to be long, and the places for these are taken. It is to be
  // dropped, and begins anew once there is one.
  bool keep_place(const std::string& key, SteadyTime now);

  // The measurement ended. `changed`: the size is not what it was, so the next comes sooner.
  void finished(const std::string& key, std::chrono::nanoseconds cpu, bool changed, SteadyTime now);
  void failed(const std::string& key, std::chrono::nanoseconds retry_after, SteadyTime now);

  // CPU that was spent on scans elsewhere: in the agent itself.
  void spent(std::chrono::nanoseconds cpu) { budget_.spend(cpu, {}); }

  bool is_any_running() const { return running_ > 0; }
  // Scans that have been running for longer than their grant by far.
  std::vector<std::string> running_since(SteadyTime before) const;
  bool is_any_due(SteadyTime now) const { return !queue_.empty() && queue_.begin()->first <= now; }
  std::size_t queue_length(SteadyTime now);  // due and not begun; `now` never goes back
  std::size_t in_progress() const { return scans_.size(); }
  const SizeTarget* target(const std::string& key) const;
  std::size_t size() const { return entries_.size(); }  // targets

 private:
  using Queue = std::set<std::pair<SteadyTime, std::string>>;  // due, key

  // A target.
  struct Entry {
    SizeTarget target;
    std::optional<SteadyTime> due;  // absent while a scan of it is in progress
    std::chrono::nanoseconds period{0};
    bool was_long = false;  // the last time
  };

  // A target that is being measured.
  struct Scan {
    SteadyTime began;
    SteadyTime changed;  // when it last began to run or to wait
    bool is_running = false;
    bool holds_long_place = false;
    std::chrono::nanoseconds cpu{0};
    std::chrono::nanoseconds work{0};  // time in which it ran
  };

  std::optional<std::string> first_startable(SteadyTime now) const;
  std::optional<std::string> first_overdue(SteadyTime now) const;
  std::optional<std::string> cheapest_waiting() const;
  static bool is_long(const Scan& scan);
  std::size_t long_scans(SteadyTime now) const;
  bool is_stalled(const Scan& scan, SteadyTime now) const;
  void stop_running(Scan& scan, std::chrono::nanoseconds cpu, SteadyTime now);
  void enqueue(const std::string& key, SteadyTime due);
  void dequeue(const std::string& key, Entry& entry);
  void drop(const std::string& key);

  const ScanScheduleOptions options_;
  ScanBudget budget_;
  std::unordered_map<std::string, Entry> entries_;
  Queue queue_;
  SteadyTime counted_until_{};  // what is due by then is in overdue_
  std::size_t overdue_ = 0;
  std::map<std::string, Scan> scans_;  // in progress, at most kMaxScans
  std::size_t running_ = 0;            // of scans_
  bool overdue_had_its_turn_ = false;
};

}  // namespace volumeter
