// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/descriptor_wait.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <vector>

namespace volumeter {
namespace {

// Without an eventfd (no descriptors left) wake() takes effect when the wait times out.
constexpr std::chrono::nanoseconds kWithoutEvent = std::chrono::seconds(1);
constexpr std::chrono::nanoseconds kWithoutPoll = std::chrono::milliseconds(50);

}  // namespace

DescriptorWait::DescriptorWait() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void DescriptorWait::wait(std::span<const int> descriptors, std::chrono::nanoseconds limit) {
  std::vector<pollfd> entries{{event_.get(), POLLIN, 0}};
  for (const int fd : descriptors) entries.push_back({fd, POLLIN, 0});
  if (!event_) limit = std::min(limit, kWithoutEvent);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(limit);
  const timespec time{.tv_sec = std::max<time_t>(seconds.count(), 0),
                      .tv_nsec = std::max<long>((limit - seconds).count(), 0)};
  if (::ppoll(entries.data(), entries.size(), &time, nullptr) < 0 && errno != EINTR) {
    // EINVAL: more than the limit on open files allows by now.
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(limit, kWithoutPoll));
  }
  eventfd_t ignored = 0;
  ::eventfd_read(event_.get(), &ignored);
}

void DescriptorWait::wake() { ::eventfd_write(event_.get(), 1); }

}  // namespace volumeter
