// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "exporter/base/result.h"
#include "exporter/base/time.h"

namespace volumeter {

// How one source of facts is doing; becomes volumeter_source_*.
struct SourceHealth {
  std::string_view name;  // a literal: docker, mountinfo, ...
  bool up = false;
  std::optional<WallTime> last_good;
  std::uint64_t bad_items = 0;  // in the newest answer
  std::array<std::uint64_t, std::size(kErrorKinds)> errors{};  // since start, by kind

  void failed(const Error& error) {
    up = false;
    ++errors[static_cast<std::size_t>(error.kind)];
  }

  void succeeded(WallTime at, std::uint64_t bad) {
    up = true;
    last_good = at;
    bad_items = bad;
  }
};

}  // namespace volumeter
