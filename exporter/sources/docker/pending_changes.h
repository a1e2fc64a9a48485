// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "exporter/sources/docker/relist_schedule.h"
#include "exporter/sources/docker/types.h"

namespace volumeter::docker {

// What may have changed since the last list, besides the list of containers, which is
// always asked for.
struct PendingChanges {
  bool connection_lost = false;  // the engine may be another one now
  bool volumes = false;
  bool all_details = false;
  std::set<std::string> details;  // ids of the containers to inspect again
};

// Collects what the events say until it is time for the next list. One thread notes, one
// takes; both may do so at any time.
class ChangeQueue {
 public:
  ChangeQueue(const Pace& pace, std::function<SteadyTime()> steady_now)
      : steady_now_(std::move(steady_now)), schedule_(pace) {}

  // Nothing stands for a message that we cannot read: anything may have happened.
  void note(const std::optional<Event>& event);
  void note_missed_events();  // of whatever kind; a change of state shows in the list
  void note_lost_connection();

  // Forgets what was noted: everything is about to be asked for.
  void clear();

  bool is_due() const;

  // Sleeps until a list is due, the connection is lost or a stop is asked for.
  PendingChanges take_when_due(std::stop_token stop);

  // The list that was due is done; it began at `began`.
  void listed(SteadyTime began);

 private:
  // With more, single containers are not told apart any longer.
  static constexpr std::size_t kMaxDetails = 10'000;

  void note_locked(const std::optional<Event>& event);

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::function<SteadyTime()> steady_now_;
  RelistSchedule schedule_;
  PendingChanges pending_;
};

}  // namespace volumeter::docker
