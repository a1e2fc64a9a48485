// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/human_units.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace volumeter {

std::string human_bytes(double bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
  std::size_t unit = 0;
  bytes /= 1024;
  // 1023.95 would be printed as 1024.0 of the smaller unit.
  while (bytes >= 1023.95 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string human_duration(double seconds) {
  constexpr double kMinute = 60;
  constexpr double kHour = 60 * kMinute;
  constexpr double kDay = 24 * kHour;
  const auto in = [&](double unit, std::string_view name) {
    return fmt::format("{:.0f} {}", std::floor(seconds / unit), name);
  };
  if (seconds < 2 * kMinute) return in(1, "s");
  if (seconds < 2 * kHour) return in(kMinute, "min");
  if (seconds < 2 * kDay) return in(kHour, "h");
  return in(kDay, "days");
}

std::string escaped_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace volumeter
