// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/question_round.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

using std::chrono::steady_clock;

std::string seconds_text(std::chrono::nanoseconds time) {
  const auto tenths = std::chrono::round<std::chrono::milliseconds>(time).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

QuestionRound::QuestionRound(const Options& options, const std::vector<Place>& places,
                             const OnAnswer& on_answer, WorkerPool& pool, QuestionDesk& desk,
                             std::stop_token stop)
    : options_(options),
      places_(places),
      on_answer_(on_answer),
      pool_(pool),
      desk_(desk),
      wait_(std::move(stop)),
      began_(steady_clock::now()),
      waiting_(groups_of(places, desk)) {}

std::deque<QuestionRound::Group> QuestionRound::groups_of(const std::vector<Place>& places,
                                                          QuestionDesk& desk) {
  std::deque<Group> groups;
  std::map<std::string, std::size_t> by_key;
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::string key = mount_key(places[i]);
    const auto [found, is_new] = by_key.try_emplace(key, groups.size());
    if (is_new) {
      const auto priority = desk.priority(key, places[i]);
      groups.push_back({std::move(key), priority, {}});
    }
    groups[found->second].places.push_back(i);
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.priority < b.priority; });
  return groups;
}

void QuestionRound::run() {
  while (true) {
    if (is_over()) return end_round();
    ask_waiting();
    if (waiting_.empty() && open_.empty()) return;
    std::vector<int> workers;
    for (const Open& one : open_) workers.push_back(one.worker.get());
    take_answers(wait_.readable(workers, next_event()));
    leave_overdue();
  }
}

void QuestionRound::ask_waiting() {
  std::deque<Group> groups = std::exchange(waiting_, {});
  for (Group& group : groups) {
    if (!is_paced() || is_over()) {
      waiting_.push_back(std::move(group));
      continue;
    }
    const auto admission = desk_.ask(group.key, first_place(group), steady_clock::now());
    switch (admission.decision.verdict) {
      case QuestionDesk::Verdict::kAsk: ask(std::move(group), admission.ticket); break;
      case QuestionDesk::Verdict::kWait: waiting_.push_back(std::move(group)); break;
      case QuestionDesk::Verdict::kTimeout:
        fail(group, ErrorKind::kTimeout, admission.decision.reason);
        break;
      case QuestionDesk::Verdict::kNotAsked:
        fail(group, ErrorKind::kNotAsked, admission.decision.reason);
        break;
    }
  }
}

bool QuestionRound::is_over() const {
  return wait_.is_stopped() || steady_clock::now() >= began_ + options_.limit;
}

// Whether each open question has had its time to be answered at once.
bool QuestionRound::is_paced() const {
  const auto enough = steady_clock::now() - options_.pace;
  return std::all_of(open_.begin(), open_.end(),
                     [&](const Open& one) { return one.since <= enough; });
}

void QuestionRound::ask(Group group, QuestionDesk::Ticket ticket) {
  Open open{std::move(group), ticket, pool_.take_idle(WorkerPool::Kind::kAnswers), {}};
  const Place& place = first_place(open.group);
  const std::string& rootfs = place.root.empty() ? options_.rootfs : place.root;
  const Question question{options_.operation, rootfs, place.path};
  int error = open.worker ? send_question(open.worker.get(), question) : EPIPE;
  if (error == EPIPE) {  // none was idle, or it has ended since
    auto made = pool_.make(wait_);
    if (!made) {
      desk_.close(ticket, false);
      return fail(open.group, made.error().kind, made.error().text());
    }
    open.worker = std::move(made).value();
    error = send_question(open.worker.get(), question);
  }
  open.since = steady_clock::now();
  if (error == 0) return open_.push_back(std::move(open));
  desk_.close(ticket, false);
  answer_first(open.group, from_errno(place.path, error));
  if (!open.group.places.empty()) waiting_.push_front(std::move(open.group));
}

// When there is something to do if no answer comes before.
SteadyTime QuestionRound::next_event() const {
  const auto now = steady_clock::now();
  SteadyTime next = began_ + options_.limit;
  if (!waiting_.empty()) next = std::min(next, now + options_.pace);
  for (const Open& one : open_) next = std::min(next, one.since + options_.patience);
  return next;
}

void QuestionRound::take_answers(const std::vector<int>& readable) {
  for (const int fd : readable) {
    const auto found = std::find_if(open_.begin(), open_.end(),
                                    [&](const Open& one) { return one.worker.get() == fd; });
    Open open = std::move(*found);
    open_.erase(found);
    take_answer(std::move(open));
  }
}

void QuestionRound::take_answer(Open open) {
  auto answer = receive_answer(open.worker.get());
  const std::string path = first_place(open.group).path;
  desk_.close(open.ticket, answer.has_value());
  if (!answer) {
    // Killed, perhaps for want of memory: no answer of the filesystem.
    answer_first(open.group,
                 Error{ErrorKind::kNotAsked, path, "the helper process that asked ended"});
  } else {
    pool_.keep(WorkerPool::Kind::kAnswers, std::move(open.worker));
    if (answer->kind == AnswerKind::kError) {
      answer_first(open.group, Error{answer->error_kind, path, answer->text});
    } else {
      answer_first(open.group, std::move(*answer));
    }
  }
  if (!open.group.places.empty()) waiting_.push_front(std::move(open.group));
}

void QuestionRound::leave_overdue() {
  const auto enough = steady_clock::now() - options_.patience;
  const auto overdue = std::stable_partition(open_.begin(), open_.end(),
                                             [&](const Open& one) { return one.since > enough; });
  for (auto one = overdue; one != open_.end(); ++one) leave(std::move(*one));
  open_.erase(overdue, open_.end());
}

void QuestionRound::leave(Open open) {
  desk_.leave(open.ticket, std::move(open.worker));
  fail(open.group, ErrorKind::kTimeout,
       "no answer within " + seconds_text(steady_clock::now() - open.since));
}

void QuestionRound::end_round() {
  const bool is_stopped = wait_.is_stopped();
  for (Open& one : open_) {
    if (!is_stopped) {
      leave(std::move(one));
      continue;
    }
    desk_.leave(one.ticket, std::move(one.worker));
    fail(one.group, ErrorKind::kNotAsked, "interrupted");
  }
  for (Group& group : waiting_) {
    fail(group, ErrorKind::kNotAsked,
         is_stopped ? "interrupted" : "no time was left for it in this round");
  }
  open_.clear();
  waiting_.clear();
}

void QuestionRound::fail(Group& group, ErrorKind kind, const std::string& why) {
  while (!group.places.empty()) answer_first(group, Error{kind, first_place(group).path, why});
}

void QuestionRound::answer_first(Group& group, Result<Answer> answer) {
  const std::size_t index = group.places.front();
  group.places.pop_front();
  on_answer_(index, std::move(answer));
}

}  // namespace volumeter
