// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/requests.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace volumeter::docker::requests {
namespace {

// Podman's names are `died` and `remove`. Of volumes `mount` and `unmount` show the use by a
// container that ends before it is listed.
constexpr std::string_view kEventFilters =
    R"({"type":["container","volume"],"event":["create","start","die","died","destroy",)"
    R"("remove","rename","pause","unpause","prune","mount","unmount"]})";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_alphanumeric(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

// As the engine restricts names: [a-zA-Z0-9][a-zA-Z0-9_.-]*
bool is_volume_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= 255 && is_alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

bool is_container_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), is_alphanumeric);
}

}  // namespace

std::string events() {
  return std::string(kAllEvents) + "?filters=" + percent_encoded(kEventFilters);
}

std::string volumes_of(std::string_view driver) {
  const nlohmann::json filter{{"driver", {std::string(driver)}}};
  return std::string(kVolumes) + "?filters=" +
         percent_encoded(filter.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::optional<std::string> volume(std::string_view name) {
  if (!is_volume_name(name)) return {};
  return "/volumes/" + std::string(name);
}

std::optional<std::string> container(std::string_view id) {
  if (!is_container_id(id)) return {};
  return "/containers/" + std::string(id) + "/json";
}

}  // namespace volumeter::docker::requests
