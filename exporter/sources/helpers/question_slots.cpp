// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/question_slots.h"

#include <string_view>
#include <utility>

namespace volumeter {

QuestionSlots::Decision QuestionSlots::decide(const std::string& key, const Place& place,
                                              SteadyTime now) const {
  const auto same = count(now, [&](const Question& one) { return one.key == key; });
  if (same.overdue > 0) return {Verdict::kTimeout, "still no answer to an earlier question"};
  if (same.open > 0) return {Verdict::kWait, {}};

  Decision decision;
  const auto narrow = [&](Count count, std::size_t limit, std::string_view of_what) {
    const Decision bound = within(count, limit, of_what);
    // What is declined for good needs no waiting.
    if (bound.verdict > decision.verdict) decision = bound;
  };
  if (!place.container.empty()) {
    narrow(count(now, [&](const Question& one) { return one.container == place.container; }),
           limits_.of_container, " of the same container");
  }
  if (!place.device.empty()) {
    narrow(count(now, [&](const Question& one) { return one.device == place.device; }),
           limits_.of_device, " of the same device or server");
  }
  narrow(count(now, [](const Question&) { return true; }), total_for(key, place), "");
  return decision;
}

QuestionSlots::Ticket QuestionSlots::open(const std::string& key, const Place& place,
                                          SteadyTime now) {
  open_.emplace(++last_ticket_, Question{key, place.device, place.container, now});
  return last_ticket_;
}

void QuestionSlots::close(Ticket ticket, bool has_answered) {
  const auto question = open_.find(ticket);
  if (question == open_.end()) return;
  if (has_answered) remember(question->second.key);
  open_.erase(question);
}

QuestionSlots::Priority QuestionSlots::priority(const std::string& key, const Place& place) const {
  if (place.is_local) return Priority::kLocal;
  return is_known(key) ? Priority::kKnown : Priority::kOther;
}

template <typename Matches>
QuestionSlots::Count QuestionSlots::count(SteadyTime now, Matches matches) const {
  Count found;
  for (const auto& [ticket, question] : open_) {
    if (!matches(question)) continue;
    ++found.open;
    if (is_overdue(question, now)) ++found.overdue;
  }
  return found;
}

QuestionSlots::Decision QuestionSlots::within(Count count, std::size_t limit,
                                              std::string_view of_what) {
  if (count.overdue >= limit) {
    return {Verdict::kNotAsked, std::to_string(count.overdue) + " earlier questions" +
                                    std::string(of_what) + " have no answer"};
  }
  return {count.open >= limit ? Verdict::kWait : Verdict::kAsk, {}};
}

std::size_t QuestionSlots::total_for(const std::string& key, const Place& place) const {
  switch (priority(key, place)) {
    case Priority::kLocal: return limits_.for_local;
    case Priority::kKnown: return limits_.for_known;
    case Priority::kOther: return limits_.for_any;
  }
  return limits_.for_any;
}

bool QuestionSlots::is_overdue(const Question& question, SteadyTime now) const {
  return now - question.since >= limits_.patience;
}

void QuestionSlots::remember(const std::string& key) {
  known_.insert(key);
  if (known_.size() < limits_.remembered / 2) return;
  known_before_ = std::exchange(known_, {});
}

bool QuestionSlots::is_known(const std::string& key) const {
  return known_.contains(key) || known_before_.contains(key);
}

// No path holds a zero byte.
std::string mount_key(const Place& place) {
  std::string key = place.root;
  key += '\0';
  return key + (place.mount_id == 0 ? place.path : std::to_string(place.mount_id));
}

std::string directory_key(const Place& place) {
  std::string key = mount_key(place);
  key += '\0';
  return key + place.path;
}

}  // namespace volumeter
