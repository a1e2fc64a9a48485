// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "exporter/base/time.h"

namespace volumeter::docker {

// Decides when a request that failed may be repeated: after a pause that doubles with each failure.
class Backoff {
 public:
  Backoff(std::chrono::seconds first, std::chrono::seconds last)
      : first_(first), last_(last), pause_(first) {}

  void failed(SteadyTime now) {
    not_before_ = now + pause_;
    pause_ = std::min(2 * pause_, last_);
  }

  void reset() {
    not_before_.reset();
    pause_ = first_;
  }

  bool is_over(SteadyTime now) const { return !not_before_ || now >= *not_before_; }
  const std::optional<SteadyTime>& ends_at() const { return not_before_; }  // absent: no failure

 private:
  std::chrono::seconds first_;
  std::chrono::seconds last_;
  std::chrono::seconds pause_;
  std::optional<SteadyTime> not_before_;
};

}  // namespace volumeter::docker
