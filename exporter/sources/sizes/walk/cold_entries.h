// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstddef>

namespace volumeter {

// Finds out whether inodes come from a disk rather than from memory, by timing looks at them: 1 us
// each where the kernel remembers them, 5 to 1000 where it waits for a disk. There it pays to look
// in the order of inode numbers; elsewhere sorting costs 7 %. For one thread.
class ColdEntries {
 public:
  bool found() const { return found_; }

  // Calls `look`, which looks at so many.
  template <typename Look>
  void time(std::size_t count, const Look& look) {
    if (count < kTimedEntries) return look();
    const long waited = times_waited();
    const auto began = std::chrono::steady_clock::now();
    look();
    const bool is_slow = std::chrono::steady_clock::now() - began > kColdEntry * count;
    found_ = is_slow && (found_ || times_waited() != waited);
  }

 private:
  static constexpr std::chrono::microseconds kColdEntry{3};
  static constexpr std::size_t kTimedEntries = 16;  // the time of fewer has no meaning

  // How often this thread gave up the processor to wait, not because another wanted it.
  static long times_waited() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
  }

  bool found_ = false;
};

}  // namespace volumeter
