// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/query.h"

#include <algorithm>

#include "exporter/base/ascii.h"
#include "exporter/base/fields.h"

namespace volumeter {
namespace {

std::optional<char> hex_byte(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return {};
  return static_cast<char>(value);
}

// Decodes application/x-www-form-urlencoded. A '%' without two hex digits is kept.
std::string decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? hex_byte(text.substr(i + 1, 2)) : std::nullopt;
    out += byte ? *byte : text[i] == '+' ? ' ' : text[i];
    if (byte) i += 2;
  }
  return out;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(),
                                                    [](char a, char b) { return a == lower(b); });
}

Error malformed(std::string what) { return {ErrorKind::kMalformed, "query", std::move(what)}; }

}  // namespace

RequestTarget parse_request_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!starts_with_ignoring_case(target, scheme)) continue;
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    const std::string_view path = cut(target, '?');
    return {path.empty() ? "/" : path, target};
  }
  const std::string_view path = cut(target, '?');
  return {path, target};
}

// collect[]=volumes&collect%5B%5D=orphans
Result<ScrapeRequest> parse_query(std::string_view raw_query) {
  ScrapeRequest request;
  for (std::size_t count = 0; !raw_query.empty(); ++count) {
    if (count == kMaxQueryParameters) return malformed("more than 100 query parameters");
    std::string_view value = cut(raw_query, '&');
    const std::string name = decoded(cut(value, '='));
    if (name == "collect[]") request.collect.push_back(decoded(value));
    if (name == "exclude[]") request.exclude.push_back(decoded(value));
  }
  if (!request.collect.empty() && !request.exclude.empty()) {
    return malformed("collect[] and exclude[] cannot be used together");
  }
  return request;
}

std::optional<Seconds> parse_scrape_timeout(std::string_view header) {
  constexpr double kMaxSeconds = 1e6;
  const auto seconds = to_double(trim(header));
  if (!seconds || !(*seconds > 0 && *seconds <= kMaxSeconds)) return {};
  return Seconds(*seconds);
}

}  // namespace volumeter
