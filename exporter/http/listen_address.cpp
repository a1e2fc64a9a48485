// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/listen_address.h"

#include <algorithm>

#include "exporter/base/fields.h"
#include "exporter/base/label.h"

namespace volumeter {
namespace {

constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035, without the final dot

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool all_of(std::string_view text, std::string_view besides_alnum) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || besides_alnum.find(c) != std::string_view::npos;
  });
}

Error refused(std::string_view text, std::string_view what) {
  return {ErrorKind::kMalformed,
          "listen address \"" + repaired_utf8(text.substr(0, kMaxHostBytes)) + '"',
          std::string(what)};
}

}  // namespace

std::string ListenAddress::text() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return refused(text, "has no port; write :10066, 127.0.0.1:10066 or [::1]:10066");
  }
  const auto port = to_integer<std::uint16_t>(text.substr(colon + 1));
  if (!port) return refused(text, "the port is no number from 0 to 65535");

  std::string_view host = text.substr(0, colon);
  if (host.size() > kMaxHostBytes) return refused(text, "the host is too long");
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos || !all_of(host, ":.%-_")) {
      return refused(text, "there is no IPv6 address between the brackets");
    }
  } else if (host.find(':') != std::string_view::npos) {
    return refused(text, "an IPv6 address stands in brackets: [::1]:10066");
  } else if (!all_of(host, ".-_")) {
    return refused(text, "the host is neither an address nor a name");
  }
  return ListenAddress{std::string(host), *port};
}

}  // namespace volumeter
