// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/pressure_gate.h"

namespace volumeter {
namespace {

constexpr std::chrono::nanoseconds kJudgedAfter = std::chrono::seconds(1);

}  // namespace

void PressureGate::look(SteadyTime now, std::optional<std::chrono::microseconds> waited,
                        bool was_running) {
  if (!waited) {  // no CONFIG_PSI, or psi=0
    last_.reset();
    closed_ = false;
    return;
  }
  if (last_ && !was_running && *waited >= last_->waited) {
    rested_ += now - last_->at;
    waited_ += *waited - last_->waited;
  }
  last_ = Look{now, *waited};
  if (rested_ < kJudgedAfter) return;
  closed_ = max_share_ < 1 && std::chrono::duration<double>(waited_) / rested_ > max_share_;
  rested_ = waited_ = std::chrono::nanoseconds::zero();
}

}  // namespace volumeter
