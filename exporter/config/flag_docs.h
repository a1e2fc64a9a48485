// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace volumeter {

// The group of flags that are no keys of a file: they ask for one run, or name the file itself.
inline constexpr const char* kGeneral = "General";

// --help: each flag with its placeholder, meaning and default.
class FlagHelp final : public CLI::Formatter {
 public:
  FlagHelp() { column_width(44); }
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

// docs/flags.md: every flag with its default and meaning, by group, as Markdown.
std::string flag_docs(const CLI::App& app);

}  // namespace volumeter
