// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace volumeter {

// What a text said. An item we cannot read costs that item only: one odd mount
// must not hide the other forty. The first bad one is kept, shortened, for the log.
template <typename T>
struct Parsed {
  static constexpr std::size_t kKeptBytes = 200;

  std::vector<T> items;
  std::size_t bad = 0;
  std::string first_bad;

  void reject(std::string_view text) {
    if (bad++ == 0) first_bad = text.substr(0, kKeptBytes);
  }
};

}  // namespace volumeter
