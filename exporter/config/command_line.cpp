// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/command_line.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "exporter/config/config_file.h"
#include "exporter/config/flag_docs.h"
#include "exporter/config/flags.h"

namespace volumeter {
namespace {

// One line, whatever an argument or the file held.
EarlyExit refused(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return {2, "volumeter: " + text + "\n"};
}

// The end of the run if the arguments are wrong or ask for --help or --version.
std::optional<EarlyExit> parse_arguments(const std::vector<std::string>& arguments, CLI::App& app) {
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::Success& success) {
    return EarlyExit{
        0, success.get_name() == "CallForHelp" ? app.help() : std::string(success.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return refused(error.what());
  }
  return {};
}

CLI::Option* find_key(const std::string& key, CLI::App& app) {
  if (key.starts_with("no-")) return nullptr;
  CLI::Option* option = app.get_option_no_throw("--" + key);
  return option != nullptr && option->get_group() != kGeneral ? option : nullptr;
}

// What is wrong with the setting, if anything. A flag that was given takes precedence.
std::optional<std::string> apply(const Setting& setting, CLI::App& app) {
  CLI::Option* option = find_key(setting.key, app);
  if (option == nullptr) return "unknown key " + setting.key;
  if (option->count() > 0) return {};
  if (setting.values.empty()) return setting.key + ": must not be an empty list";
  if (setting.values.size() > 1 && option->get_items_expected_max() <= 1) {
    return setting.key + ": takes one value, not a list";
  }
  try {
    for (const auto& value : setting.values) {
      if (value.empty()) return setting.key + ": must not be empty";
      option->add_result(value);
    }
    option->run_callback();
  } catch (const CLI::Error& error) {
    return error.what();
  }
  return {};
}

std::optional<Error> apply_file(const std::string& path, const CommandLineInputs& inputs,
                                CLI::App& app) {
  const auto content = inputs.read_file(path);
  if (!content) return content.error();
  const auto settings = parse_config_file(*content);
  if (!settings) {
    return Error{ErrorKind::kMalformed, path + ": " + settings.error().where,
                 settings.error().what};
  }
  for (const Setting& setting : *settings) {
    if (auto problem = apply(setting, app)) {
      return Error{ErrorKind::kMalformed, path + ": line " + std::to_string(setting.line),
                   *problem};
    }
  }
  return {};
}

// What is wrong with values that are valid each for itself.
std::optional<std::string> contradiction(const Flags& flags) {
  const auto given = [](const CLI::Option* option) { return option->count() > 0; };
  if (std::count_if(flags.modes.begin(), flags.modes.end(), given) > 1) {
    return "--once, --check, --list-metrics and --list-flags are mutually exclusive";
  }
  if (!flags.config.root.empty() && flags.config.mode == Mode::kServe) {
    return "--root: requires --once or --check";
  }
  const std::string& path = flags.config.web.telemetry_path;
  if (path.front() != '/' || path == "/") {
    return "--web.telemetry-path: must be a path such as /metrics";
  }
  return {};
}

Config finished(Flags& flags) {
  Config& config = flags.config;
  // A key named twice would be the same series twice.
  auto& labels = config.monitor.user_labels;
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  for (const auto& [name, choice] : flags.collectors) {
    const bool is_explicit = choice.option->count() > 0;
    if (choice.on && (is_explicit || !flags.disable_defaults)) config.collectors.insert(name);
  }
  return std::move(config);
}

}  // namespace

std::variant<Config, EarlyExit> parse_command_line(const CommandLineInputs& inputs) {
  Flags flags(inputs.version, inputs.collectors);
  if (auto early = parse_arguments(inputs.arguments, flags.app)) return std::move(*early);
  if (!flags.config_file.empty()) {
    if (auto error = apply_file(flags.config_file, inputs, flags.app)) {
      return refused(error->text());
    }
  }
  if (auto problem = contradiction(flags)) return refused(std::move(*problem));
  if (flags.list_flags) return EarlyExit{0, flag_docs(flags.app)};
  return finished(flags);
}

}  // namespace volumeter
