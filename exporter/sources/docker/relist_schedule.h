// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "exporter/base/time.h"

namespace volumeter::docker {

// How fast changes are followed, and what protects the engine from us.
struct Pace {
  using Time = std::chrono::milliseconds;

  Time quiet{200};               // events that follow each other this closely are one change
  Time longest_wait{1'000};      // from the first event to the list, however many follow
  Time relist_interval{60'000};  // without any event, should one have been lost
  int gap_factor = 10;           // lists take at most a tenth or so of the engine's time
  Time shortest_gap{200};
  Time longest_gap{5'000};
  Time first_retry{250};  // of an engine that is away; doubles
  Time last_retry{5'000};
  Time steady_after{10'000};  // a connection that lived this long was a good one
};

// Says when the next list is due; pure arithmetic on the times it is given.
class RelistSchedule {
 public:
  explicit RelistSchedule(const Pace& pace) : pace_(pace) {}

  void changed(SteadyTime now);
  void taken();  // the changes so far are what the next list is for
  void listed(SteadyTime began, SteadyTime ended);

  bool has_changes() const { return first_change_.has_value(); }
  SteadyTime due() const;

 private:
  Pace pace_;
  std::optional<SteadyTime> first_change_;
  SteadyTime last_change_;
  SteadyTime list_ended_;
  SteadyTime gap_ends_;
};

}  // namespace volumeter::docker
