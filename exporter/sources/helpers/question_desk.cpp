// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/question_desk.h"

#include <utility>

#include "exporter/sources/helpers/worker_pool.h"

namespace volumeter {

QuestionDesk::Admission QuestionDesk::ask(const std::string& key, const Place& place,
                                          SteadyTime now) {
  const std::lock_guard lock(mutex_);
  collect_answered();
  Admission admission{slots_.decide(key, place, now), 0};
  if (admission.decision.verdict == Verdict::kAsk) admission.ticket = slots_.open(key, place, now);
  return admission;
}

QuestionSlots::Decision QuestionDesk::decide(const std::string& key, const Place& place,
                                             SteadyTime now) {
  const std::lock_guard lock(mutex_);
  collect_answered();
  return slots_.decide(key, place, now);
}

void QuestionDesk::close(Ticket ticket, bool has_answered) {
  const std::lock_guard lock(mutex_);
  slots_.close(ticket, has_answered);
}

void QuestionDesk::leave(Ticket ticket, UniqueFd worker) {
  const std::lock_guard lock(mutex_);
  left_.push_back({ticket, std::move(worker)});
}

void QuestionDesk::leave(const std::string& key, const Place& place, SteadyTime since,
                         UniqueFd worker) {
  const std::lock_guard lock(mutex_);
  left_.push_back({slots_.open(key, place, since), std::move(worker)});
}

QuestionSlots::Priority QuestionDesk::priority(const std::string& key, const Place& place) {
  const std::lock_guard lock(mutex_);
  return slots_.priority(key, place);
}

std::size_t QuestionDesk::left_behind() {
  const std::lock_guard lock(mutex_);
  collect_answered();
  return left_.size();
}

// Closing the socket of a worker ends it. What it answered is too old to be of use, and that it
// answered late is no reason to prefer the place.
void QuestionDesk::collect_answered() {
  std::erase_if(left_, [this](const Left& left) {
    if (!has_spoken(left.worker)) return false;
    slots_.close(left.ticket, false);
    return true;
  });
}

}  // namespace volumeter
