// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/config/config.h"

namespace volumeter {

// Text to print before exiting with this code: 0 for --help, --version and --list-flags, on
// standard output; 2 for a wrong flag or configuration.
struct EarlyExit {
  int code = 0;
  std::string text;
};

struct CommandLineInputs {
  std::vector<std::string> arguments;  // without the program's name
  std::string version;
  std::span<const CollectorChoice> collectors;
  std::function<Result<std::string>(const std::string& path)> read_file;
};

// Options from flags, and from --config.file for flags that were not given.
std::variant<Config, EarlyExit> parse_command_line(const CommandLineInputs& inputs);

}  // namespace volumeter
