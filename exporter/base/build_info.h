// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace volumeter {

// Which program this is.
struct BuildInfo {
  std::string version;
  std::string revision;  // of the checkout it was built from
};

}  // namespace volumeter
