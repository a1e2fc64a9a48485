// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace volumeter {

// A listen address before name resolution.
struct ListenAddress {
  std::string host;        // an IP address without brackets or a name; empty: all addresses
  std::uint16_t port = 0;  // 0: chosen by the kernel

  std::string text() const;  // in the form that parse_listen_address() accepts

  bool operator==(const ListenAddress&) const = default;
};

// Parses :10066, 127.0.0.1:10066, [::1]:10066 or localhost:10066, else kMalformed. The host is
// resolved when the server starts.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace volumeter
