// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "exporter/base/time.h"

namespace volumeter {

// What scans may cost: a share of one core and, so that a slow disk is not kept busy by what
// costs no CPU, half of the time. What was overspent is paid back by waiting, and the wait is
// long enough for a good piece of work: waking for every crumb would cost the crumb.
class ScanBudget {
 public:
  // `cpu_share` of one core; 0: no limit at all.
  explicit ScanBudget(double cpu_share) : share_(cpu_share) {}

  bool is_limited() const { return share_ > 0; }

  void refill(SteadyTime now) {
    if (last_) {
      const std::chrono::duration<double, std::nano> passed = now - *last_;
      cpu_ = std::min(cpu_ + passed.count() * share_, kMaxSaved);
      wall_ = std::min(wall_ + passed.count() * kMaxDuty, kMaxSaved);
    }
    last_ = now;
    if (cpu_ >= kWorthWaking && wall_ >= kWorthWaking) is_resting_ = false;
  }

  void spend(std::chrono::nanoseconds cpu, std::chrono::nanoseconds wall) {
    cpu_ -= static_cast<double>(cpu.count());
    wall_ -= static_cast<double>(wall.count());
    if (cpu_ <= 0 || wall_ <= 0) is_resting_ = true;
  }

  // Zero if there is something left to spend, else how long until there is.
  std::chrono::nanoseconds wait() const {
    if (!is_limited() || !is_resting_) return std::chrono::nanoseconds::zero();
    const double ns =
        std::max((kWorthWaking - cpu_) / share_, (kWorthWaking - wall_) / kMaxDuty) + 1;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::max(ns, 0.0)));
  }

 private:
  static constexpr double kMaxDuty = 0.5;
  static constexpr double kMaxSaved = 100e6;    // ns: a short burst, no more
  static constexpr double kWorthWaking = 20e6;  // ns

  double share_;
  double cpu_ = kMaxSaved;   // ns
  double wall_ = kMaxSaved;  // ns
  bool is_resting_ = false;
  std::optional<SteadyTime> last_;
};

}  // namespace volumeter
