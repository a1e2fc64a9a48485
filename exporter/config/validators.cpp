// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/validators.h"

#include <fmt/format.h>

#include <string>

#include "exporter/base/fields.h"
#include "exporter/base/path_pattern.h"

namespace volumeter {

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  constexpr unsigned kWeek = 7 * 24 * 3600;
  unsigned unit = 1;
  if (!text.empty()) {
    const char last = text.back();
    unit = last == 'm' ? 60 : last == 'h' ? 3600 : 1;
    if (last == 's' || last == 'm' || last == 'h') text.remove_suffix(1);
  }
  const auto number = to_integer<unsigned>(text);
  if (!number || *number == 0 || *number > kWeek / unit) return {};
  return std::chrono::seconds(*number * unit);
}

CLI::Validator duration_text() {
  return {[](std::string& text) {
            return parse_duration(text) ? std::string() : "not a duration such as 30s, 5m or 1h";
          },
          "DURATION"};
}

CLI::Validator not_empty() {
  return {[](std::string& text) { return text.empty() ? std::string("is empty") : std::string(); },
          ""};
}

CLI::Validator true_or_false() {
  return {[](std::string& text) {
            const bool fits = text == "true" || text == "false";
            return fits ? std::string() : "is neither true nor false";
          },
          ""};
}

CLI::Validator number_between(double least, double most) {
  return {[=](std::string& text) {
            const auto number = to_double(text);
            const bool fits = number && *number >= least && *number <= most;
            return fits ? std::string()
                        : fmt::format("not a number from {:g} to {:g}", least, most);
          },
          "NUMBER"};
}

CLI::Validator path_pattern() {
  return {[](std::string& text) {
            const auto pattern = PathPattern::parse(text);
            return pattern ? std::string() : "not a regular expression: " + pattern.error().what;
          },
          "REGEX"};
}

}  // namespace volumeter
