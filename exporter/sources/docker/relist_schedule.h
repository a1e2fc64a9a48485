// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "exporter/base/time.h"

namespace volumeter::docker {

// How fast changes are followed and how load on the engine is limited.
struct Pace {
  using Time = std::chrono::milliseconds;

  Time quiet{200};           // events closer together than this are one change
  Time longest_wait{1'000};  // from the first event to the list, even if more events follow
  // From a list that events caused to another one: Podman may announce that a container has died
  // before its own list shows it (5.8 on a busy host), and says no more of it.
  Time second_look{2'000};
  Time relist_interval{60'000};  // without events, in case one was lost
  int gap_factor = 10;           // lists take about a tenth of the time at most
  Time shortest_gap{200};
  Time longest_gap{5'000};
  Time first_retry{250};  // while the engine is unreachable; doubles
  Time last_retry{5'000};
  Time steady_after{10'000};  // a connection that lasted this long resets the backoff
};

// Computes when the next list is due from the times it is given.
class RelistSchedule {
 public:
  explicit RelistSchedule(const Pace& pace) : pace_(pace) {}

  void changed(SteadyTime now);
  void taken();  // the next list covers the changes so far
  void listed(SteadyTime began, SteadyTime ended);

  bool has_changes() const { return first_change_.has_value(); }
  SteadyTime due() const;

 private:
  Pace pace_;
  std::optional<SteadyTime> first_change_;
  SteadyTime last_change_;
  SteadyTime list_ended_;
  SteadyTime gap_ends_;
  bool was_caused_ = false;  // the list that was taken last, by changes
};

}  // namespace volumeter::docker
