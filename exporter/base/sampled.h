// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "exporter/base/result.h"
#include "exporter/base/time.h"

namespace volumeter {

// A value measured in the background: the last good value, when it was measured, and the error of
// the last attempt if that failed.
template <typename T>
struct Sampled {
  std::optional<T> value;
  WallTime taken_at;  // of `value`
  Seconds took{0};    // of `value`
  std::optional<Error> error;

  void accept(Result<T> answer, WallTime at, Seconds duration) {
    if (!answer) {
      error = std::move(answer).error();
      return;
    }
    value = std::move(answer).value();
    taken_at = at;
    took = duration;
    error.reset();
  }
};

}  // namespace volumeter
