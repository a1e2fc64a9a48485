// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace volumeter {

// The version of this program.
struct BuildInfo {
  std::string version;
  std::string revision;  // git revision of the build
};

}  // namespace volumeter
