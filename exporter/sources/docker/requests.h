// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

// The GET requests that the agent sends to an engine; there are no others. Each is a path without
// the version prefix. What comes from the engine (ids, names) is checked or encoded, so that it
// cannot become another request.
// https://docs.docker.com/reference/api/engine/
namespace volumeter::docker::requests {

inline constexpr std::string_view kPing = "/_ping";  // without a version prefix
inline constexpr std::string_view kVersion = "/version";
inline constexpr std::string_view kInfo = "/info";
inline constexpr std::string_view kVolumes = "/volumes";
inline constexpr std::string_view kContainers = "/containers/json?all=1";
inline constexpr std::string_view kAllEvents = "/events";

// Those events alone that the agent reads: health checks and `docker exec` cause several a second.
std::string events();

// The volumes of one driver: dockerd then queries no other plugin.
std::string volumes_of(std::string_view driver);

// Absent if the name or id cannot be one of the engine's.
std::optional<std::string> volume(std::string_view name);
std::optional<std::string> container(std::string_view id);

}  // namespace volumeter::docker::requests
