// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace volumeter {

// Where to listen, not yet looked up.
struct ListenAddress {
  std::string host;        // an IP address without brackets or a name; empty is every address
  std::uint16_t port = 0;  // 0: the kernel chooses one

  std::string text() const;  // as parse_listen_address reads it

  bool operator==(const ListenAddress&) const = default;
};

// Reads :10066, 127.0.0.1:10066, [::1]:10066 or localhost:10066. The host is looked up when
// the server starts; kMalformed for what cannot be one.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace volumeter
