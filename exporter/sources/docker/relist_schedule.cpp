// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/relist_schedule.h"

#include <algorithm>

namespace volumeter::docker {

void RelistSchedule::changed(SteadyTime now) {
  if (!first_change_) first_change_ = now;
  last_change_ = now;
}

void RelistSchedule::taken() {
  was_caused_ = first_change_.has_value();
  first_change_.reset();
}

void RelistSchedule::listed(SteadyTime began, SteadyTime ended) {
  list_ended_ = ended;
  gap_ends_ = ended + std::clamp<SteadyTime::duration>((ended - began) * pace_.gap_factor,
                                                       pace_.shortest_gap, pace_.longest_gap);
}

SteadyTime RelistSchedule::due() const {
  SteadyTime safety_net = list_ended_ + pace_.relist_interval;
  if (was_caused_) {
    safety_net = std::min(safety_net, std::max(list_ended_ + pace_.second_look, gap_ends_));
  }
  if (!first_change_) return safety_net;
  const SteadyTime settled =
      std::min(last_change_ + pace_.quiet, *first_change_ + pace_.longest_wait);
  return std::min(safety_net, std::max(settled, gap_ends_));
}

}  // namespace volumeter::docker
