// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <optional>
#include <string_view>

// What the text of a flag or of a key has to be like, for CLI11.
namespace volumeter {

// "90", "90s", "5m", "1h" -> seconds; nothing for zero, more than a week or anything else.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
CLI::Validator duration_text();

// For an option whose value an empty text in a file would leave half set.
CLI::Validator not_empty();

// For a flag with two states.
CLI::Validator true_or_false();

// A number in decimal notation from `least` to `most`; the Range of CLI11 lets "nan" pass.
CLI::Validator number_between(double least, double most);

// What PathPattern::parse() takes.
CLI::Validator path_pattern();

}  // namespace volumeter
