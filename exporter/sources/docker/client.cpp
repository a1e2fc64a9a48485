// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/client.h"

#include <algorithm>

#include "exporter/sources/docker/api_version.h"
#include "exporter/sources/docker/decode.h"
#include "exporter/sources/docker/http_status.h"

namespace volumeter::docker {
namespace {

// Health checks and `docker exec` cause several events a second, so the engine filters them.
// Podman's names are `died` and `remove`.
constexpr std::string_view kEventFilters =
    R"({"type":["container","volume"],"event":["create","start","die","died","destroy",)"
    R"("remove","rename","pause","unpause","prune"]})";

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

// Ids are hexadecimal; nothing else may become part of a request path.
bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

Error unsupported(std::string what) {
  return {ErrorKind::kUnsupported, "Docker Engine API", std::move(what)};
}

// Podman before 3.2 wants an event to match every value of a filter, and none does.
bool takes_all_filters_at_once(const Engine& engine) {
  if (engine.product != "podman") return false;
  for (const std::string_view old : {"1.", "2.", "3.0.", "3.1."}) {
    if (engine.version.starts_with(old)) return true;
  }
  return false;
}

// The API version to use with an engine whose newest one is `theirs`.
Result<ApiVersion> agree(std::string_view wanted, std::string_view theirs) {
  if (!wanted.empty()) {
    const auto version = parse_api_version(wanted);
    if (version) return *version;
    return unsupported("invalid DOCKER_API_VERSION, expected a version such as 1.41: " +
                       std::string(wanted));
  }
  // API versions before 1.24 do not send the header, and some proxies drop it.
  const auto newest = theirs.empty() ? kOldestApi : parse_api_version(theirs);
  if (!newest)
    return unsupported("invalid Api-Version header: " + std::string(theirs.substr(0, 32)));
  if (*newest < kOldestApi) {
    return unsupported("API version " + newest->text() + " is older than " + kOldestApi.text() +
                       "; upgrade the engine");
  }
  return std::min(*newest, kNewestApi);
}

}  // namespace

Result<Engine> Client::connect(std::stop_token stop) {
  auto engine = negotiate(stop);
  if (!engine) return engine;
  Engine out = *std::move(engine);
  if (const auto asked = ask_version(out, stop); !asked) return asked.error();
  ask_info(out, stop);
  can_filter_events_ = !takes_all_filters_at_once(out);
  return out;
}

Result<Engine> Client::negotiate(std::stop_token stop) {
  prefix_.clear();
  auto reply = host_.docker_get("/_ping", stop);
  if (!reply) return reply.error();
  if (reply->status != 200) return status_error("GET /_ping", reply->status, reply->body);
  const auto version = agree(wanted_version_, reply->api_version);
  if (!version) return version.error();
  prefix_ = "/v" + version->text();
  Engine engine;
  engine.product = reply->podman ? "podman" : "docker";
  engine.api_version = version->text();
  return engine;
}

Result<> Client::ask_version(Engine& engine, std::stop_token stop) {
  const auto body = get("/version", stop);
  if (!body) {
    const ErrorKind kind = body.error().kind;
    const bool forbidden = kind == ErrorKind::kPermission || kind == ErrorKind::kNotFound;
    if (forbidden) return Nothing{};
    return body.error();
  }
  const auto reply = decode_version(*body);
  if (!reply) return reply.error();
  engine.version = reply->version;
  if (reply->podman) engine.product = "podman";
  return Nothing{};
}

// Optional: /info queries every driver of the engine, and a failing driver must not prevent the
// lists.
void Client::ask_info(Engine& engine, std::stop_token stop) {
  const auto body = get("/info", stop);
  if (!body) return;
  const auto reply = decode_info(*body);
  if (!reply) return;
  engine.storage_driver = reply->storage_driver;
  engine.root_directory = reply->root_directory;
}

Result<Parsed<Volume>> Client::list_volumes(std::stop_token stop) {
  const auto body = get("/volumes", stop);
  if (!body) return body.error();
  return decode_volumes(*body);
}

Result<Parsed<Container>> Client::list_containers(std::stop_token stop) {
  const auto body = get("/containers/json?all=1", stop);
  if (!body) return body.error();
  return decode_containers(*body);
}

Result<ContainerDetails> Client::inspect(const std::string& id, std::stop_token stop) {
  if (!is_id(id)) return Error{ErrorKind::kMalformed, "container id", id.substr(0, 128)};
  const auto body = get("/containers/" + id + "/json", stop);
  if (!body) return body.error();
  return decode_details(*body);
}

std::string Client::events_target() const {
  if (!can_filter_events_) return prefix_ + "/events";
  return prefix_ + "/events?filters=" + percent_encoded(kEventFilters);
}

Result<std::string> Client::get(std::string_view path, std::stop_token stop) {
  auto reply = host_.docker_get(prefix_ + std::string(path), stop);
  if (!reply) return std::move(reply).error();
  if (reply->status == 200) return (*std::move(reply)).body;
  return status_error("GET " + std::string(path), reply->status, reply->body);
}

}  // namespace volumeter::docker
