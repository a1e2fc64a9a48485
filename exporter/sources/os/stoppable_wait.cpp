// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/stoppable_wait.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <thread>

namespace volumeter {
namespace {

constexpr std::chrono::milliseconds kPollPause{50};

}  // namespace

// Without an event (no descriptor left) a stop is noticed when the wait ends by itself.
StoppableWait::StoppableWait(std::stop_token stop)
    : stop_(stop),
      event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      on_stop_(stop, [this] { ::eventfd_write(event_.get(), 1); }) {}

Wait StoppableWait::until_readable(int fd, SteadyTime deadline) const {
  if (!readable({&fd, 1}, deadline).empty()) return Wait::kReady;
  return is_stopped() ? Wait::kStopped : Wait::kTimedOut;
}

std::vector<int> StoppableWait::readable(std::span<const int> fds, SteadyTime deadline) const {
  std::vector<pollfd> entries;
  for (const int fd : fds) entries.push_back({fd, POLLIN, 0});
  entries.push_back({event_.get(), POLLIN, 0});
  std::vector<int> ready;
  while (!is_stopped() && ready.empty()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    const auto limit = std::min<std::chrono::milliseconds::rep>(left.count(), INT_MAX);
    if (::poll(entries.data(), entries.size(), static_cast<int>(limit)) < 0 && errno != EINTR) {
      // EINVAL: more than the limit on open files allows by now.
      std::this_thread::sleep_for(std::min(left, kPollPause));
    }
    if (is_stopped()) break;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (entries[i].revents != 0) ready.push_back(fds[i]);
    }
  }
  return ready;
}

}  // namespace volumeter
