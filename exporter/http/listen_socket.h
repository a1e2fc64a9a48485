// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/http/listen_address.h"

namespace volumeter {

// A socket that accepts connections.
struct ListenSocket {
  UniqueFd fd;             // non-blocking
  std::uint16_t port = 0;  // the one in use, also if the kernel chose it
};

// Opens `address`. An empty host takes IPv6 and IPv4 by one socket, or IPv4 alone where the
// kernel has no IPv6. Looks names up, so call it at the start of the program only.
// The error reads "cannot listen on :10066: address already in use".
Result<ListenSocket> open_listen_socket(const ListenAddress& address);

// All of them or none, in their order.
Result<std::vector<ListenSocket>> open_listen_sockets(const std::vector<ListenAddress>& addresses);

}  // namespace volumeter
