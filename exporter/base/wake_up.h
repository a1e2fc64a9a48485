// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace volumeter {

// A flag one thread sleeps on and others set; setting it while nobody sleeps is remembered.
class WakeUp {
 public:
  void set() {
    {
      const std::lock_guard lock(mutex_);
      set_ = true;
    }
    changed_.notify_all();
  }

  // Sleeps until set, stopped or `limit` is over; true if it was set. Clears the flag.
  bool wait_for(std::stop_token stop, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, limit, [this] { return set_; });
    return std::exchange(set_, false);
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool set_ = false;
};

}  // namespace volumeter
