// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "exporter/exposition/content_type.h"
#include "exporter/http/listen_address.h"
#include "exporter/http/query.h"

// Everything that a stranger can say in a request line and its headers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace volumeter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  // What is left of a target is a part of it, and has no part that names the server.
  const auto target = parse_request_target(text);
  if (target.path.size() + target.raw_query.size() > text.size() + 1) std::abort();
  if (target.path.find('?') != target.path.npos) std::abort();

  const auto request = parse_query(text);
  if (request && (!request->collect.empty() && !request->exclude.empty())) std::abort();
  if (request && request->collect.size() + request->exclude.size() > kMaxQueryParameters) {
    std::abort();
  }
  const auto timeout = parse_scrape_timeout(text);
  if (timeout && !(timeout->count() > 0)) std::abort();
  negotiate(text);
  accepts_gzip(text);

  // Whatever is taken for an address prints as one that reads the same.
  const auto address = parse_listen_address(text);
  if (address && *parse_listen_address(address->text()) != *address) std::abort();
  return 0;
}
