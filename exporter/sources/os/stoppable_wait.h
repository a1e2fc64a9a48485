// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>

#include "exporter/base/time.h"
#include "exporter/base/unique_fd.h"

namespace volumeter {

enum class Wait { kReady, kTimedOut, kStopped };

// Waits for a descriptor to become readable and is cut short by a stop token.
class StoppableWait {
 public:
  explicit StoppableWait(std::stop_token stop);

  // Also kReady when the other end hung up.
  Wait until_readable(int fd, SteadyTime deadline) const;

 private:
  std::stop_token stop_;
  UniqueFd event_;  // readable once a stop is asked for
  std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace volumeter
