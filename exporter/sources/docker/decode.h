// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/parsed.h"
#include "exporter/base/result.h"
#include "exporter/sources/docker/types.h"

// Answers of the Engine API as plain data. Every function is total over its text: kMalformed
// if the whole is not JSON of the expected shape, a rejected item if one is. Fields we do not
// know are ignored, null is the same as absent.
// https://docs.docker.com/reference/api/engine/
namespace volumeter::docker {

// GET /volumes, sorted by name. A volume without a name, or with one that was there already,
// is rejected: two series of the same labels would cost the whole scrape.
Result<Parsed<Volume>> decode_volumes(std::string_view text);

// GET /containers/json, sorted by name; ids and names are unique.
Result<Parsed<Container>> decode_containers(std::string_view text);

// GET /containers/{id}/json
Result<ContainerDetails> decode_details(std::string_view text);

// What GET /version says of who answers.
struct VersionReply {
  std::string version;
  bool podman = false;
};
Result<VersionReply> decode_version(std::string_view text);

// What GET /info says of where the engine keeps its data.
struct InfoReply {
  std::string storage_driver;
  std::string root_directory;
};
Result<InfoReply> decode_info(std::string_view text);

// One line of GET /events; nothing if it is not a message.
std::optional<Event> decode_event(std::string_view line);

// What the body of an answer that is not 200 says, in one line of at most 200 bytes: the
// "message" of {"message":"No such container: x"}, else the text itself, which is what an
// engine older than the prefix of the path and most proxies send.
std::string decode_error_message(std::string_view body);

}  // namespace volumeter::docker
