// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/api_version.h"

#include "exporter/base/fields.h"

namespace volumeter::docker {

std::optional<ApiVersion> parse_api_version(std::string_view text) {
  const auto major = to_integer<unsigned>(cut(text, '.'));
  const auto minor = to_integer<unsigned>(text);
  if (!major || !minor) return {};
  return ApiVersion{*major, *minor};
}

}  // namespace volumeter::docker
