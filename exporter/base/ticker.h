// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "exporter/base/wake_up.h"

namespace volumeter {

// A thread that repeats some work. After each round it sleeps for the time the work returned or
// until woken. The destructor stops and joins it.
class Ticker {
 public:
  using Pause = std::chrono::milliseconds;

  // `work` returns the pause before the next round.
  explicit Ticker(std::function<Pause(std::stop_token)> work)
      : thread_([this, work = std::move(work)](std::stop_token stop) {
          while (!stop.stop_requested()) wake_up_.wait_for(stop, work(stop));
        }) {}

  void wake() { wake_up_.set(); }

 private:
  WakeUp wake_up_;
  std::jthread thread_;
};

}  // namespace volumeter
