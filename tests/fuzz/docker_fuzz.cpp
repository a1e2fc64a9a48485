// SPDX-License-Identifier: Apache-2.0
// Everything that reads what an engine sends. The first byte picks the reader.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/sources/docker/api_version.h"
#include "exporter/sources/docker/decode.h"
#include "exporter/sources/docker/driver_lists.h"
#include "exporter/sources/docker/endpoint.h"
#include "exporter/sources/docker/event_reader.h"
#include "exporter/sources/docker/json_sieve.h"
#include "exporter/sources/docker/requests.h"
#include "exporter/sources/docker/rfc3339.h"

namespace {

namespace docker = volumeter::docker;

void require(bool promise) {
  if (!promise) std::abort();
}

// A list means the same with and without its other fields, in one piece and in two. Of what is no JSON
// the sieve may leave out the part that shows it.
void check_sieve(std::string_view text) {
  const auto shape = docker::shape_of_reply("/containers/json");
  const auto sieved = [&](std::size_t cut_at) {
    docker::JsonSieve sieve(shape->shape, shape->kept);
    std::string out;
    sieve.feed(text.substr(0, cut_at), out);
    sieve.feed(text.substr(cut_at), out);
    return out;
  };
  const std::string kept = sieved(0);
  require(kept == sieved(text.size() / 2));
  const auto whole = docker::decode_containers(text);
  const auto part = docker::decode_containers(kept);
  if (whole && text.size() < docker::JsonSieve::kMaxFieldBytes) {
    require(part && part->items.size() == whole->items.size());
  }
}

// Nothing from outside ends the path of a request or begins another one.
void check_request(std::string_view path) {
  require(path.starts_with("/volumes"));
  require(path.find_first_of(" \r\n#\"{}") == std::string_view::npos);
  require(path.find("..") == std::string_view::npos || path.find('/', 9) == std::string_view::npos);
}

// No name twice, whatever the engine says: it would cost Prometheus the scrape.
void check_containers(std::string_view text) {
  const auto list = docker::decode_containers(text);
  if (!list) return;
  std::set<std::string_view> names;
  for (const docker::Container& item : list->items) {
    require(!item.name.empty());
    require(names.insert(item.name).second);
  }
}

// Nor a name of one driver twice; and a warning hides no volume that was known.
void check_volumes(std::string_view text) {
  const auto list = docker::decode_volumes(text);
  if (!list) return;
  require(list->warnings.size() <= docker::VolumesReply::kMaxWarnings);
  std::set<std::pair<std::string_view, std::string_view>> names;
  for (const docker::Volume& item : list->items) {
    require(!item.name.empty());
    require(names.insert({item.name, item.driver}).second);
    check_request(docker::requests::volumes_of(item.driver));
    if (const auto path = docker::requests::volume(item.name)) check_request(*path);
  }
  docker::DriverLists lists;
  lists.take_all(*list);
  const auto before = lists.volumes().size();
  docker::VolumesReply partial;
  partial.warnings = {"something failed"};
  lists.take_all(partial);
  require(lists.volumes().size() == before);
}

// An event stream is read alike in one piece and in two.
void check_events(std::string_view text) {
  const auto count = [&](std::size_t cut_at) {
    docker::EventReader reader;
    std::size_t events = 0;
    const auto sink = [&](const std::optional<docker::Event>&) { ++events; };
    reader.feed(text.substr(0, cut_at), sink);
    reader.feed(text.substr(cut_at), sink);
    return events;
  };
  require(count(0) == count(text.size() / 2));
}

void check_endpoint(std::string_view text) {
  docker::Environment environment;
  environment.tls_verify = text.size() % 2 == 0 ? "1" : "";
  const auto endpoint = docker::parse_endpoint(text, environment);
  if (endpoint) require(endpoint->base_url.starts_with("http"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'v': check_volumes(text); break;
    case 'c': check_containers(text); break;
    case 's': check_sieve(text); break;
    case 'w': (void)docker::decode_volume(text); break;
    case 'd': (void)docker::decode_details(text); break;
    case 'V': (void)docker::decode_version(text); break;
    case 'i': (void)docker::decode_info(text); break;
    case 'm': require(docker::decode_error_message(text).size() <= 600); break;
    case 'e': check_events(text); break;
    case 't': (void)docker::parse_rfc3339(text); break;
    case 'h': check_endpoint(text); break;
    case 'a': (void)docker::parse_api_version(text); break;
    default: break;
  }
  return 0;
}
