// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/validators.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

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

std::string duration_to_text(std::chrono::seconds value) {
  const auto count = value.count();
  if (count % 3600 == 0) return fmt::format("{}h", count / 3600);
  if (count % 60 == 0) return fmt::format("{}m", count / 60);
  return fmt::format("{}s", count);
}

CLI::Validator duration_text() {
  return {[](std::string& text) {
            return parse_duration(text) ? std::string()
                                        : "must be a duration such as 30s, 5m or 1h, at most 168h";
          },
          ""};
}

CLI::Validator not_empty() {
  return {[](std::string& text) { return std::string(text.empty() ? "must not be empty" : ""); },
          ""};
}

CLI::Validator one_of(const std::vector<std::string>& names) {
  return {[names](std::string& text) {
            const bool fits = std::find(names.begin(), names.end(), text) != names.end();
            return fits ? std::string()
                        : fmt::format("must be one of {}, not {}", fmt::join(names, ", "), text);
          },
          ""};
}

CLI::Validator true_or_false() {
  return {[](std::string& text) {
            const bool fits = text == "true" || text == "false";
            return fits ? std::string() : "must be true or false";
          },
          ""};
}

CLI::Validator number_between(double least, double most) {
  return {[=](std::string& text) {
            const auto number = to_double(text);
            const bool fits = number && *number >= least && *number <= most;
            return fits ? std::string()
                        : fmt::format("must be a number from {:g} to {:g}", least, most);
          },
          ""};
}

CLI::Validator path_pattern() {
  return {[](std::string& text) {
            const auto pattern = PathPattern::parse(text);
            return pattern ? std::string()
                           : "must be a regular expression (RE2): " + pattern.error().what;
          },
          ""};
}

}  // namespace volumeter
