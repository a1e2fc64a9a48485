// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "exporter/base/time.h"

namespace volumeter {

// Whether the host waits for its disks while we do not use them: a scan of a cold tree waits
// for the disk as well and would hold itself up, so only the time between steps counts.
class PressureGate {
 public:
  // `max_share` of the time, 0 to 1; 1 never closes it.
  explicit PressureGate(double max_share) : max_share_(max_share) {}

  // What the kernel says now, and whether a scan has been running since the last look: to be
  // called whenever that changes.
  void look(SteadyTime now, std::optional<std::chrono::microseconds> waited, bool was_running);

  bool is_closed() const { return closed_; }

 private:
  // What the kernel said last.
  struct Look {
    SteadyTime at;
    std::chrono::microseconds waited;
  };

  const double max_share_;
  bool closed_ = false;
  std::optional<Look> last_;
  std::chrono::nanoseconds rested_{0};
  std::chrono::nanoseconds waited_{0};  // within rested_
};

}  // namespace volumeter
