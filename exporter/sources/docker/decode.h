// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/parsed.h"
#include "exporter/base/result.h"
#include "exporter/sources/docker/json_items.h"
#include "exporter/sources/docker/types.h"

// Responses of the Engine API as plain data. The functions accept any text: kMalformed if it is
// not JSON of the expected shape, a rejected item if only that item is malformed. Unknown fields
// are ignored; null is the same as absent.
// https://docs.docker.com/reference/api/engine/
namespace volumeter::docker {

// Where a reply has its items, and their fields that are read.
struct ReplyShape {
  ItemsAt::Shape shape;
  std::span<const std::string_view> kept;
};

// The shape of a reply that can be large; absent for others. `target` is a path with or without a
// version and a query, as "/v1.41/containers/json?all=1".
std::optional<ReplyShape> shape_of_reply(std::string_view target);

// GET /volumes, sorted by name. A volume without a name or with name and driver of another one is
// rejected.
struct VolumesReply : Parsed<Volume> {
  static constexpr std::size_t kMaxWarnings = 64;

  // Why the list is partial, as the engine says: "list DRIVER: REASON".
  std::vector<std::string> warnings;
};
Result<VolumesReply> decode_volumes(std::string_view text);

// GET /volumes/{name}
Result<Volume> decode_volume(std::string_view text);

// GET /containers/json, sorted by name; ids and names are unique.
Result<Parsed<Container>> decode_containers(std::string_view text);

// GET /containers/{id}/json
Result<ContainerDetails> decode_details(std::string_view text);

// The fields used of GET /version.
struct VersionReply {
  std::string version;
  bool podman = false;
};
Result<VersionReply> decode_version(std::string_view text);

// The fields used of GET /info.
struct InfoReply {
  std::string storage_driver;
  std::string root_directory;
  std::vector<std::string> volume_drivers;  // those that the engine has loaded
};
Result<InfoReply> decode_info(std::string_view text);

// One line of GET /events; absent if it cannot be parsed.
std::optional<Event> decode_event(std::string_view line);

// The error message in the body of a response other than 200, in one line of at most 200 bytes:
// the "message" of {"message":"No such container: x"}, else the text itself. Most proxies, and
// engines that do not support the requested API version, send plain text.
std::string decode_error_message(std::string_view body);

}  // namespace volumeter::docker
