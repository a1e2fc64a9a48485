// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/time.h"

namespace volumeter {

// What a scraper asked for. At most one of the two lists has entries; both empty is
// everything. The names are as sent: not known to be collectors, possibly repeated.
struct ScrapeRequest {
  std::vector<std::string> collect;  // only these
  std::vector<std::string> exclude;  // all but these
  std::optional<Seconds> timeout;    // after which the scraper gives up
};

inline constexpr std::size_t kMaxQueryParameters = 100;

// Reads the part of a URL behind the '?'. Other parameters than collect[] and exclude[]
// are ignored, as node_exporter does. kMalformed for both lists at once or too many
// parameters; `what` is a sentence for the client.
Result<ScrapeRequest> parse_query(std::string_view raw_query);

// Reads the header X-Prometheus-Scrape-Timeout-Seconds; nothing unless it is a number
// above 0 and at most a million.
std::optional<Seconds> parse_scrape_timeout(std::string_view header);

}  // namespace volumeter
