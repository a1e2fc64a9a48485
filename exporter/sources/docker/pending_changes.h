// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "exporter/sources/docker/relist_schedule.h"
#include "exporter/sources/docker/types.h"

namespace volumeter::docker {

// What may have changed since the last list. The list of containers is requested every time.
struct PendingChanges {
  using NameAndDriver = std::pair<std::string, std::string>;  // empty driver: unknown

  bool connection_lost = false;  // the engine may have been restarted or replaced
  bool missed_events = false;    // what is below may not be all
  bool volumes = false;
  bool all_details = false;
  std::set<std::string> details;  // ids of the containers to inspect again
  std::set<std::string> ran;      // ids of the containers that started or ended
  std::set<NameAndDriver> created_volumes;
  std::set<NameAndDriver> removed_volumes;
  std::set<NameAndDriver> used_volumes;  // a container mounted or unmounted them
};

// Collects changes from events until the next list is due. Thread-safe: one thread notes events,
// another takes the changes.
class ChangeQueue {
 public:
  ChangeQueue(const Pace& pace, std::function<SteadyTime()> steady_now)
      : steady_now_(std::move(steady_now)), schedule_(pace) {}

  // Absent for a message that could not be parsed: anything may have changed.
  void note(const std::optional<Event>& event);
  void note_missed_events();  // events may have been lost: volumes are listed again as well
  void note_lost_connection();

  // Drops what was noted, because everything is about to be listed.
  void clear();

  bool is_due() const;

  // Blocks until a list is due, the connection is lost or a stop is requested. Absent: none of them
  // was so before `until`.
  std::optional<PendingChanges> take_when_due(std::stop_token stop,
                                              std::optional<SteadyTime> until = {});

  // A list that began at `began` has just been completed.
  void listed(SteadyTime began);

 private:
  // With more changed containers or volumes, all containers are inspected again and what the events
  // say is not believed to be all.
  static constexpr std::size_t kMaxDetails = 10'000;

  void note_locked(const std::optional<Event>& event);
  void note_container(const Event& event);
  void note_volume(const Event& event);
  bool has_room() const;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::function<SteadyTime()> steady_now_;
  RelistSchedule schedule_;
  PendingChanges pending_;
};

}  // namespace volumeter::docker
