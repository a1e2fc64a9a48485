// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace volumeter {

// The result of a parser: the valid items and the number of malformed ones, which do not affect the
// others. Keeps the first malformed item, shortened, for the log.
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
