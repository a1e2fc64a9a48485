// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/pending_changes.h"

#include <algorithm>
#include <utility>

namespace volumeter::docker {

void ChangeQueue::note(const std::optional<Event>& event) {
  {
    const std::lock_guard lock(mutex_);
    schedule_.changed(steady_now_());
    note_locked(event);
  }
  changed_.notify_all();
}

void ChangeQueue::note_locked(const std::optional<Event>& event) {
  if (!event || !has_room()) {
    pending_.volumes = pending_.all_details = pending_.missed_events = true;
    pending_.details.clear();
  } else if (event->action == "prune") {
    // Removes many objects with one event, and not every engine names them.
    pending_.volumes = pending_.missed_events = true;
  } else if (event->type == "container") {
    note_container(*event);
  } else {
    note_volume(*event);
  }
}

void ChangeQueue::note_container(const Event& event) {
  pending_.details.insert(event.id);
  const std::string& action = event.action;
  if (action == "start" || action == "die" || action == "died") pending_.ran.insert(event.id);
}

void ChangeQueue::note_volume(const Event& event) {
  const PendingChanges::NameAndDriver volume(event.id, event.driver);
  if (event.action == "mount" || event.action == "unmount") {
    pending_.used_volumes.insert(volume);
    return;
  }
  pending_.volumes = true;
  if (event.action == "create") {
    pending_.created_volumes.insert(volume);
  } else if (event.action == "destroy" || event.action == "remove") {
    pending_.removed_volumes.insert(volume);
  }
}

bool ChangeQueue::has_room() const {
  return pending_.details.size() < kMaxDetails && pending_.ran.size() < kMaxDetails &&
         pending_.created_volumes.size() < kMaxDetails &&
         pending_.removed_volumes.size() < kMaxDetails &&
         pending_.used_volumes.size() < kMaxDetails;
}

void ChangeQueue::note_missed_events() {
  {
    const std::lock_guard lock(mutex_);
    schedule_.changed(steady_now_());
    pending_.volumes = pending_.missed_events = true;
  }
  changed_.notify_all();
}

void ChangeQueue::note_lost_connection() {
  {
    const std::lock_guard lock(mutex_);
    pending_.connection_lost = true;
  }
  changed_.notify_all();
}

void ChangeQueue::clear() {
  const std::lock_guard lock(mutex_);
  pending_ = {};
  schedule_.taken();
}

bool ChangeQueue::is_due() const {
  const std::lock_guard lock(mutex_);
  return pending_.connection_lost || schedule_.due() <= steady_now_();
}

std::optional<PendingChanges> ChangeQueue::take_when_due(std::stop_token stop,
                                                         std::optional<SteadyTime> until) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested() && !pending_.connection_lost) {
    const SteadyTime due = schedule_.due();
    const SteadyTime now = steady_now_();
    if (due <= now) break;
    if (until && *until <= now) return {};
    changed_.wait_until(lock, stop, until ? std::min(due, *until) : due,
                        [&] { return pending_.connection_lost || schedule_.due() != due; });
  }
  // Due without a change: the periodic list, in case an event was lost, includes volumes.
  if (!schedule_.has_changes()) pending_.volumes = true;
  schedule_.taken();
  return std::exchange(pending_, {});
}

void ChangeQueue::listed(SteadyTime began) {
  const std::lock_guard lock(mutex_);
  schedule_.listed(began, steady_now_());
}

}  // namespace volumeter::docker
