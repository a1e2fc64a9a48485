// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "exporter/base/time.h"
#include "exporter/base/unique_fd.h"

namespace volumeter {

enum class Wait { kReady, kTimedOut, kStopped };

// Waits for descriptors to become readable and is cut short by a stop token.
class StoppableWait {
 public:
  explicit StoppableWait(std::stop_token stop);

  // Also kReady when the other end hung up.
  Wait until_readable(int fd, SteadyTime deadline) const;

  // Those of `fds` that are readable or hung up; none if the deadline or a stop came first.
  std::vector<int> readable(std::span<const int> fds, SteadyTime deadline) const;

  bool is_stopped() const { return stop_.stop_requested(); }

 private:
  std::stop_token stop_;
  UniqueFd event_;  // readable once a stop is asked for
  std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace volumeter
