// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace volumeter {

// A flag that one thread waits for and others set. It stays set until a wait consumes it.
class WakeUp {
 public:
  void set() {
    {
      const std::lock_guard lock(mutex_);
      set_ = true;
    }
    changed_.notify_all();
  }

  // Waits until the flag is set, a stop is requested or `limit` expires; true if set. Clears it.
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
