// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/time.h"

namespace volumeter {

// The parameters of a scrape. At most one of the lists has entries; with none, all collectors are
// selected. The names are as sent, and may be unknown or repeated.
struct ScrapeRequest {
  std::vector<std::string> collect;  // only these
  std::vector<std::string> exclude;  // all but these
  std::optional<Seconds> timeout;    // of the scraper
};

// A request target without what names the server: RFC 9112, 3.2.2, has every server accept the
// absolute form, which clients of proxies send.
//   http://host:10066/metrics?collect[]=volumes    ->    /metrics?collect[]=volumes
//   http://host?x=1                                ->    ?x=1, of the path /
struct RequestTarget {
  std::string_view path;
  std::string_view raw_query;  // after the '?', not decoded
};
RequestTarget parse_request_target(std::string_view target);

inline constexpr std::size_t kMaxQueryParameters = 100;

// Parses the query string of a URL. Parameters other than collect[] and exclude[] are ignored, as
// in node_exporter. kMalformed if both are given or there are too many parameters; `what` is the
// message for the client.
Result<ScrapeRequest> parse_query(std::string_view raw_query);

// Parses the header X-Prometheus-Scrape-Timeout-Seconds; absent unless it is a number above 0 and
// at most a million.
std::optional<Seconds> parse_scrape_timeout(std::string_view header);

}  // namespace volumeter
