// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/client.h"

#include <algorithm>

#include "exporter/sources/docker/api_version.h"
#include "exporter/sources/docker/decode.h"
#include "exporter/sources/docker/http_status.h"
#include "exporter/sources/docker/json_sieve.h"
#include "exporter/sources/docker/parallel_get.h"
#include "exporter/sources/docker/requests.h"

namespace volumeter::docker {
namespace {

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

Result<HttpReply> granted(std::string_view path, Result<HttpReply> reply) {
  if (!reply || reply->status == 200) return reply;
  return status_error("GET " + std::string(path), reply->status, reply->body);
}

// A list out of whose text values were left that are too large.
template <typename List>
Result<List> counted(Result<List> list, std::size_t cut_fields) {
  if (!list || cut_fields == 0) return list;
  List out = *std::move(list);
  out.reject("a field larger than " + std::to_string(JsonSieve::kMaxFieldBytes) + " bytes");
  out.bad += cut_fields - 1;
  return out;
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
  auto reply = host_.docker_get(std::string(requests::kPing), stop);
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
  const auto got = get(requests::kVersion, stop);
  if (!got) {
    const ErrorKind kind = got.error().kind;
    const bool forbidden = kind == ErrorKind::kPermission || kind == ErrorKind::kNotFound;
    if (forbidden) return Nothing{};
    return got.error();
  }
  const auto reply = decode_version(got->body);
  if (!reply) return reply.error();
  engine.version = reply->version;
  if (reply->podman) engine.product = "podman";
  return Nothing{};
}

// Optional: /info queries every driver of the engine, and a failing driver must not prevent the
// lists.
void Client::ask_info(Engine& engine, std::stop_token stop) {
  loaded_drivers_.clear();
  const auto got = get(requests::kInfo, stop);
  if (!got) return;
  auto reply = decode_info(got->body);
  if (!reply) return;
  engine.storage_driver = reply->storage_driver;
  engine.root_directory = reply->root_directory;
  loaded_drivers_ = (*std::move(reply)).volume_drivers;
}

std::vector<std::string> Client::ask_loaded_drivers(std::stop_token stop) {
  Engine unused;
  ask_info(unused, std::move(stop));
  return loaded_drivers_;
}

Result<VolumesReply> Client::list_volumes(std::stop_token stop) {
  const auto reply = get(requests::kVolumes, stop);
  if (!reply) return reply.error();
  return counted(decode_volumes(reply->body), reply->cut_fields);
}

std::vector<Result<VolumesReply>> Client::list_volumes_of(const std::vector<std::string>& drivers,
                                                          std::stop_token stop) {
  std::vector<std::string> targets;
  targets.reserve(drivers.size());
  for (const std::string& driver : drivers) {
    targets.push_back(prefix_ + requests::volumes_of(driver));
  }
  std::vector<Result<VolumesReply>> lists;
  lists.reserve(drivers.size());
  for (auto& reply : get_in_parallel(host_, targets, kDriverDeadline, std::move(stop))) {
    const auto volumes = granted(requests::kVolumes, std::move(reply));
    if (volumes) {
      lists.push_back(counted(decode_volumes(volumes->body), volumes->cut_fields));
    } else {
      lists.emplace_back(volumes.error());
    }
  }
  return lists;
}

Result<Volume> Client::volume(const std::string& name, std::stop_token stop) {
  const auto path = requests::volume(name);
  if (!path) return Error{ErrorKind::kMalformed, "volume name", name.substr(0, 128)};
  const auto got = get(*path, stop);
  if (!got) return got.error();
  return decode_volume(got->body);
}

Result<Parsed<Container>> Client::list_containers(std::stop_token stop) {
  const auto reply = get(requests::kContainers, stop);
  if (!reply) return reply.error();
  return counted(decode_containers(reply->body), reply->cut_fields);
}

Result<ContainerDetails> Client::inspect(const std::string& id, std::stop_token stop) {
  const auto path = requests::container(id);
  if (!path) return Error{ErrorKind::kMalformed, "container id", id.substr(0, 128)};
  const auto got = get(*path, stop);
  if (!got) return got.error();
  return decode_details(got->body);
}

std::string Client::events_target() const {
  return prefix_ + (can_filter_events_ ? requests::events() : std::string(requests::kAllEvents));
}

Result<HttpReply> Client::get(std::string_view path, std::stop_token stop) {
  return granted(path, host_.docker_get(prefix_ + std::string(path), stop));
}

}  // namespace volumeter::docker
