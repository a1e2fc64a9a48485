// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/config/validators.h"

namespace volumeter {

// Binds flags to the fields they set. The value of a field when it is bound is the default that
// --help and docs/flags.md print. The fields must outlive the parsing. Names come without dashes.
class FlagBinder {
 public:
  // `group`: the heading under which --help and docs/flags.md list the flags.
  FlagBinder(CLI::App& app, std::string group) : app_(app), group_(std::move(group)) {}

  // `placeholder` stands for the value in --help: PATH.
  CLI::Option* text(const std::string& name, const std::string& placeholder, std::string& value,
                    const std::string& about);

  // A list: each use of the flag adds one value.
  CLI::Option* texts(const std::string& name, const std::string& placeholder,
                     std::vector<std::string>& values, const std::string& about);

  template <typename Duration>
  CLI::Option* duration(const std::string& name, Duration& value, const std::string& about) {
    return parsed(name, "DURATION", about, duration_text(),
                  [&value](const std::string& given) { value = *parse_duration(given); })
        ->default_str(duration_to_text(std::chrono::duration_cast<std::chrono::seconds>(value)));
  }

  // A share from 0 to 1 that is given in percent, from `least` to `most`.
  CLI::Option* percent(const std::string& name, double& share, std::pair<double, double> range,
                       const std::string& about);

  CLI::Option* number(const std::string& name, unsigned& value, std::pair<unsigned, unsigned> range,
                      const std::string& about);

  // One of the names, each of which stands for a value.
  template <typename Value>
  CLI::Option* choice(const std::string& name, Value& value,
                      const std::vector<std::pair<std::string, Value>>& choices,
                      const std::string& about) {
    std::vector<std::string> names;
    std::string now;
    for (const auto& [text, meaning] : choices) {
      names.push_back(text);
      if (meaning == value) now = text;
    }
    return parsed(name, CLI::detail::join(names, "|"), about, one_of(names),
                  [&value, choices](const std::string& given) {
                    for (const auto& [text, meaning] : choices) {
                      if (text == given) value = meaning;
                    }
                  })
        ->default_str(now);
  }

  // --NAME and --no-NAME.
  CLI::Option* toggle(const std::string& name, bool& value, const std::string& about);

  // --NAME alone, for what is off by default.
  CLI::Option* enable(const std::string& name, bool& value, const std::string& about);

  // Calls `assign` with a text that `validator` accepted.
  CLI::Option* parsed(const std::string& name, const std::string& placeholder,
                      const std::string& about, const CLI::Validator& validator,
                      const std::function<void(const std::string&)>& assign);

 private:
  CLI::Option* flag(const std::string& names, bool& value, const std::string& about);
  CLI::Option* grouped(CLI::Option* option) const { return option->group(group_); }

  CLI::App& app_;
  const std::string group_;
};

}  // namespace volumeter
