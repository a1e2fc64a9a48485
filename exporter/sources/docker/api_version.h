// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace volumeter::docker {

// A version of the Engine API, such as 1.41 (not the version of the engine).
struct ApiVersion {
  unsigned major = 0;
  unsigned minor = 0;

  std::string text() const { return std::to_string(major) + "." + std::to_string(minor); }
  auto operator<=>(const ApiVersion&) const = default;
};

// The supported range. 1.24 is the first version with every field used here; 1.52 changes the
// report of disk usage.
inline constexpr ApiVersion kOldestApi{1, 24};
inline constexpr ApiVersion kNewestApi{1, 51};

// Parses "1.41"; absent for any other text.
std::optional<ApiVersion> parse_api_version(std::string_view text);

}  // namespace volumeter::docker
