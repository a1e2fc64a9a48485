// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/pending_changes.h"

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
  // `prune` removes many objects with one event, and not every engine names them.
  if (!event || event->type != "container" || event->action == "prune") pending_.volumes = true;
  if (!event || pending_.details.size() >= kMaxDetails) {
    pending_.all_details = true;
    pending_.details.clear();
  } else if (event->type == "container") {
    pending_.details.insert(event->id);
  }
}

void ChangeQueue::note_missed_events() {
  {
    const std::lock_guard lock(mutex_);
    schedule_.changed(steady_now_());
    pending_.volumes = true;
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

PendingChanges ChangeQueue::take_when_due(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested() && !pending_.connection_lost) {
    const SteadyTime due = schedule_.due();
    if (due <= steady_now_()) break;
    changed_.wait_until(lock, stop, due,
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
