// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"

namespace volumeter {

// A key of a configuration file, which is the name of a flag without dashes, and its value.
struct Setting {
  std::string key;
  std::vector<std::string> values;  // more than one for a list
  int line = 0;                     // from 1

  bool operator==(const Setting&) const = default;
};

// Reads YAML such as
//   web.listen-address: [":10066", "[::1]:10067"]
//   collector:
//     sizes: false
// Nested keys are joined with dots. Total: kMalformed names the line ("line 3: ...").
Result<std::vector<Setting>> parse_config_file(std::string_view text);

}  // namespace volumeter
