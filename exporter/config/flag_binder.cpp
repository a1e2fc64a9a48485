// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/flag_binder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "exporter/base/fields.h"

namespace volumeter {

CLI::Option* FlagBinder::text(const std::string& name, const std::string& placeholder,
                              std::string& value, const std::string& about) {
  return grouped(app_.add_option("--" + name, value, about)
                     ->capture_default_str()
                     ->type_name(placeholder)
                     ->check(not_empty()));
}

CLI::Option* FlagBinder::texts(const std::string& name, const std::string& placeholder,
                               std::vector<std::string>& values, const std::string& about) {
  return grouped(app_.add_option("--" + name, values, about)
                     ->default_str(fmt::format("{}", fmt::join(values, ",")))
                     ->type_name(placeholder)
                     ->allow_extra_args(false)
                     ->check(not_empty()));
}

CLI::Option* FlagBinder::percent(const std::string& name, double& share,
                                 std::pair<double, double> range, const std::string& about) {
  return parsed(name, "PERCENT", about, number_between(range.first, range.second),
                [&share](const std::string& given) { share = *to_double(given) / 100; })
      ->default_str(fmt::format("{:g}", share * 100));
}

CLI::Option* FlagBinder::number(const std::string& name, unsigned& value,
                                std::pair<unsigned, unsigned> range, const std::string& about) {
  return grouped(app_.add_option("--" + name, value, about)
                     ->capture_default_str()
                     ->type_name("NUMBER")
                     ->check(CLI::Range(range.first, range.second).description("")));
}

CLI::Option* FlagBinder::toggle(const std::string& name, bool& value, const std::string& about) {
  return flag("--" + name + ",!--no-" + name, value, about);
}

CLI::Option* FlagBinder::enable(const std::string& name, bool& value, const std::string& about) {
  return flag("--" + name, value, about);
}

// The default goes to option_text(): default_str() would be the value of a flag given without one.
CLI::Option* FlagBinder::flag(const std::string& names, bool& value, const std::string& about) {
  return grouped(app_.add_flag(names, value, about)
                     ->option_text(value ? "on" : "off")
                     ->check(true_or_false()));
}

CLI::Option* FlagBinder::parsed(const std::string& name, const std::string& placeholder,
                                const std::string& about, const CLI::Validator& validator,
                                const std::function<void(const std::string&)>& assign) {
  return grouped(app_.add_option_function<std::string>("--" + name, assign, about)
                     ->type_name(placeholder)
                     ->check(validator));
}

}  // namespace volumeter
