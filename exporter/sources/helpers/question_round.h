// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/helpers/probe_protocol.h"
#include "exporter/sources/helpers/question_desk.h"
#include "exporter/sources/helpers/worker_pool.h"
#include "exporter/sources/interface/place.h"
#include "exporter/sources/os/stoppable_wait.h"

namespace volumeter {

// One question to many places, in parallel as far as they are slow.
//
//   waiting --admitted--> open --answer--> done, or waiting with the next place of its mount
//      |                    |---patience or time of the round is up--> done, worker left behind
//      |--declined, stopped--> done
//
// The places of one mount form a group and are asked one after the other: after one that hangs
// the others are not asked at all. The next group is asked as soon as each open question has had
// `pace` to be answered: where all answer at once a single worker asks all, and a mount that
// hangs delays the others by no more than that.
class QuestionRound {
 public:
  struct Options {
    Operation operation = Operation::kStatfs;
    std::string rootfs;                    // of places without a root
    std::chrono::milliseconds patience{};  // for each answer
    std::chrono::milliseconds limit{};     // for the whole round
    std::chrono::milliseconds pace{10};
  };

  // Called once for each place, by its index, in the order in which answers come.
  using OnAnswer = std::function<void(std::size_t, Result<Answer>)>;

  // All must outlive the round.
  QuestionRound(const Options& options, const std::vector<Place>& places, const OnAnswer& on_answer,
                WorkerPool& pool, QuestionDesk& desk, std::stop_token stop);

  // Returns when each place has its answer or error. kTimeout: no answer in time, or none yet to
  // an earlier question about the mount. kNotAsked: declined by the desk, no worker, or it ended
  // over the question, no time left in this round, or stopped.
  void run();

 private:
  struct Group {
    std::string key;
    QuestionSlots::Priority priority;
    std::deque<std::size_t> places;  // by index, those that have no answer yet
  };

  struct Open {
    Group group;  // whose first place is asked
    QuestionDesk::Ticket ticket;
    UniqueFd worker;
    SteadyTime since;
  };

  static std::deque<Group> groups_of(const std::vector<Place>& places, QuestionDesk& desk);
  const Place& first_place(const Group& group) const { return places_[group.places.front()]; }

  void ask_waiting();
  bool is_over() const;
  bool is_paced() const;
  void ask(Group group, QuestionDesk::Ticket ticket);
  SteadyTime next_event() const;
  void take_answers(const std::vector<int>& readable);
  void take_answer(Open open);
  void leave_overdue();
  void leave(Open open);
  void end_round();
  void fail(Group& group, ErrorKind kind, const std::string& why);
  void answer_first(Group& group, Result<Answer> answer);

  const Options& options_;
  const std::vector<Place>& places_;
  const OnAnswer& on_answer_;
  WorkerPool& pool_;
  QuestionDesk& desk_;
  const StoppableWait wait_;
  const SteadyTime began_;

  std::deque<Group> waiting_;
  std::vector<Open> open_;
};

}  // namespace volumeter
