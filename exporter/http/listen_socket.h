// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/http/listen_address.h"

namespace volumeter {

// A listening socket.
struct ListenSocket {
  UniqueFd fd;             // non-blocking
  std::uint16_t port = 0;  // the actual port, even if chosen by the kernel
};

// Listens on `address`. For an empty host one socket accepts IPv6 and IPv4, or IPv4 only if the
// kernel has no IPv6. Resolves names, so call it only at startup.
// The error reads "cannot listen on :10066: address already in use".
Result<ListenSocket> open_listen_socket(const ListenAddress& address);

// Opens all of them in order, or none.
Result<std::vector<ListenSocket>> open_listen_sockets(const std::vector<ListenAddress>& addresses);

}  // namespace volumeter
