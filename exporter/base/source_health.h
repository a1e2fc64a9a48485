// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/result.h"
#include "exporter/base/time.h"

namespace volumeter {

// The health of a source of facts, exported as volumeter_source_*.
struct SourceHealth {
  std::string_view name;  // a literal: docker, mountinfo, ...
  // For --check, a literal: "volumes and containers". What is missing while the source is down.
  std::string_view provides = {};
  bool is_required = true;  // false: a host that cannot have it is set up correctly all the same
  bool up = false;
  bool may_decline = false;  // it asks filesystems, some of which it may not ask: kNotAsked
  std::optional<WallTime> last_good;
  std::uint64_t bad_items = 0;                                 // in the last result
  std::array<std::uint64_t, std::size(kErrorKinds)> errors{};  // since start, by kind
  std::string last_error;                                      // human-readable; empty while up
  std::string remedy;  // for humans, where the error does not name it; empty while up

  // Whether it was ever read, successfully or not.
  bool asked() const {
    return up || last_good ||
           std::any_of(errors.begin(), errors.end(), [](auto n) { return n > 0; });
  }

  void failed(const Error& error) {
    up = false;
    last_error = error.text();
    ++errors[static_cast<std::size_t>(error.kind)];
  }

  void succeeded(WallTime at, std::uint64_t bad) {
    up = true;
    last_error.clear();
    remedy.clear();
    last_good = at;
    bad_items = bad;
  }
};

}  // namespace volumeter
