// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>

#include "exporter/base/unique_fd.h"

namespace volumeter {

// Waits for any of several descriptors to become readable. wake() from another thread ends the
// current wait, or the next one if none is in progress.
class DescriptorWait {
 public:
  DescriptorWait();

  void wait(std::span<const int> descriptors, std::chrono::nanoseconds limit);
  void wake();

 private:
  UniqueFd event_;
};

}  // namespace volumeter
