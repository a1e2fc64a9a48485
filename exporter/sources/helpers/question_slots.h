// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "exporter/base/time.h"
#include "exporter/sources/interface/place.h"

namespace volumeter {

// How many questions may be open at the same time; each occupies a process until it is answered.
struct SlotLimits {
  std::chrono::milliseconds patience{2'000};  // a question open for longer is overdue
  std::size_t of_device = 4;                  // as many that fail together
  std::size_t of_container = 4;
  std::size_t for_any = 24;        // of all open questions: what any place may take
  std::size_t for_known = 32;      // and a place that answered before
  std::size_t for_local = 40;      // and the host's own disks
  std::size_t remembered = 4'096;  // places that answered before
};

// Decides which questions are asked, so that what hangs takes no process from what answers.
// Pure bookkeeping: one open question per key, a share per device and per container, and a total
// of which parts are reserved. Not thread-safe.
class QuestionSlots {
 public:
  using Ticket = std::uint64_t;

  enum class Verdict {
    kAsk,
    kWait,      // a slot may come free: questions that hold them are not overdue yet
    kTimeout,   // an earlier question with the same key is overdue
    kNotAsked,  // overdue questions of others hold the slots
  };

  struct Decision {
    Verdict verdict = Verdict::kAsk;
    std::string reason;  // of kTimeout and kNotAsked
  };

  explicit QuestionSlots(SlotLimits limits) : limits_(limits) {}

  // `key` names what can only be asked once: see mount_key() and directory_key().
  Decision decide(const std::string& key, const Place& place, SteadyTime now) const;

  // Occupies a slot, whatever decide() says.
  Ticket open(const std::string& key, const Place& place, SteadyTime now);

  // Frees the slot; a place that answered is known from now on.
  void close(Ticket ticket, bool has_answered);

  // In which order places are asked: smaller is sooner.
  enum class Priority { kLocal, kKnown, kOther };
  Priority priority(const std::string& key, const Place& place) const;

  std::size_t open_questions() const { return open_.size(); }

 private:
  struct Question {
    std::string key;
    std::string device;
    std::string container;
    SteadyTime since;
  };

  struct Count {
    std::size_t open = 0;
    std::size_t overdue = 0;
  };

  template <typename Matches>
  Count count(SteadyTime now, Matches matches) const;
  static Decision within(Count count, std::size_t limit, std::string_view of_what);
  std::size_t total_for(const std::string& key, const Place& place) const;
  bool is_overdue(const Question& question, SteadyTime now) const;
  void remember(const std::string& key);
  bool is_known(const std::string& key) const;

  const SlotLimits limits_;
  Ticket last_ticket_ = 0;
  std::map<Ticket, Question> open_;
  // Keys that answered, in two generations: the older one is dropped when the younger is full.
  std::set<std::string> known_;
  std::set<std::string> known_before_;
};

// A mount answers or hangs as a whole.
std::string mount_key(const Place& place);

// A scan may hang in one directory while the rest of its mount answers.
std::string directory_key(const Place& place);

}  // namespace volumeter
