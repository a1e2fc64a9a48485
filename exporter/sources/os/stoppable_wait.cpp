// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/stoppable_wait.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <climits>

namespace volumeter {

// Without an event (no descriptor left) a stop is noticed when the wait ends by itself.
StoppableWait::StoppableWait(std::stop_token stop)
    : stop_(stop),
      event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      on_stop_(stop, [this] { ::eventfd_write(event_.get(), 1); }) {}

Wait StoppableWait::until_readable(int fd, SteadyTime deadline) const {
  while (!stop_.stop_requested()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Wait::kTimedOut;
    std::array entries{pollfd{fd, POLLIN, 0}, pollfd{event_.get(), POLLIN, 0}};
    const auto limit = std::min<std::chrono::milliseconds::rep>(left.count(), INT_MAX);
    ::poll(entries.data(), entries.size(), static_cast<int>(limit));
    if (entries[0].revents != 0 && !stop_.stop_requested()) return Wait::kReady;
  }
  return Wait::kStopped;
}

}  // namespace volumeter
