// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>

#include "exporter/base/unique_fd.h"

namespace volumeter {

// Waits for any of several descriptors to become readable; wake() from another thread cuts
// the wait short, also one that has not begun yet.
class DescriptorWait {
 public:
  DescriptorWait();

  void wait(std::span<const int> descriptors, std::chrono::nanoseconds limit);
  void wake();

 private:
  UniqueFd event_;
};

}  // namespace volumeter
