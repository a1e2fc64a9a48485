// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Checks of the text given for a flag or key, for CLI11. A message follows "--flag: ".
namespace volumeter {

// "90", "90s", "5m", "1h" -> seconds; nothing for zero, more than a week or anything else.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
// In the largest unit that needs no fraction: "90s", "5m", "1h".
std::string duration_to_text(std::chrono::seconds value);
CLI::Validator duration_text();

// CLI11 would leave an option half set by the empty text of a file.
CLI::Validator not_empty();

CLI::Validator one_of(const std::vector<std::string>& names);

CLI::Validator true_or_false();

// A number in decimal notation from `least` to `most`. CLI::Range would accept "nan".
CLI::Validator number_between(double least, double most);

// A regular expression that PathPattern::parse() accepts.
CLI::Validator path_pattern();

}  // namespace volumeter
