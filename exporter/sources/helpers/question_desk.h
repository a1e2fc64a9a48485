// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "exporter/base/unique_fd.h"
#include "exporter/sources/helpers/question_slots.h"

namespace volumeter {

// The open questions of all threads, with the workers that were left behind with one.
// Thread-safe.
class QuestionDesk {
 public:
  using Ticket = QuestionSlots::Ticket;
  using Verdict = QuestionSlots::Verdict;

  struct Admission {
    QuestionSlots::Decision decision;
    Ticket ticket = 0;  // of kAsk; hand it back with close() or leave()
  };

  explicit QuestionDesk(SlotLimits limits) : slots_(limits) {}

  Admission ask(const std::string& key, const Place& place, SteadyTime now);

  // What ask() would decide; occupies nothing.
  QuestionSlots::Decision decide(const std::string& key, const Place& place, SteadyTime now);

  void close(Ticket ticket, bool has_answered);

  // Leaves the worker alone with its question. The slot comes free when it answers or ends.
  void leave(Ticket ticket, UniqueFd worker);

  // The same for a worker that was busy without a ticket until now.
  void leave(const std::string& key, const Place& place, SteadyTime since, UniqueFd worker);

  QuestionSlots::Priority priority(const std::string& key, const Place& place);

  // Workers that were left behind and have not answered yet.
  std::size_t left_behind();

 private:
  struct Left {
    Ticket ticket;
    UniqueFd worker;
  };

  void collect_answered();

  std::mutex mutex_;  // of the rest
  QuestionSlots slots_;
  std::vector<Left> left_;
};

}  // namespace volumeter
