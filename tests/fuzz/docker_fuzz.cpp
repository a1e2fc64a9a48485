// SPDX-License-Identifier: Apache-2.0
// Everything that reads what an engine sends. The first byte picks the reader.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "exporter/sources/docker/api_version.h"
#include "exporter/sources/docker/decode.h"
#include "exporter/sources/docker/endpoint.h"
#include "exporter/sources/docker/event_reader.h"
#include "exporter/sources/docker/rfc3339.h"

namespace {

namespace docker = volumeter::docker;

void require(bool promise) {
  if (!promise) std::abort();
}

// No name twice, whatever the engine says: it would cost Prometheus the scrape.
template <typename T>
void check_list(const volumeter::Result<volumeter::Parsed<T>>& list) {
  if (!list) return;
  std::set<std::string_view> names;
  for (const T& item : list->items) {
    require(!item.name.empty());
    require(names.insert(item.name).second);
  }
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
    case 'v': check_list(docker::decode_volumes(text)); break;
    case 'c': check_list(docker::decode_containers(text)); break;
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
