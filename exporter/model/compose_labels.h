// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/base/label.h"
#include "exporter/sources/docker/types.h"

namespace volumeter {

constexpr std::string_view kComposeProject = "com.docker.compose.project";
constexpr std::string_view kComposeService = "com.docker.compose.service";
constexpr std::string_view kComposeVolume = "com.docker.compose.volume";

// The value of a user label of Docker's; empty if there is none.
inline Label label_of(const docker::StringMap& labels, std::string_view key) {
  const auto found = labels.find(std::string(key));
  return found == labels.end() ? Label() : Label(found->second);
}

}  // namespace volumeter
