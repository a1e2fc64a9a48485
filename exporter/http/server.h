// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/http/listen_socket.h"
#include "exporter/http/open_sockets.h"
#include "exporter/http/service.h"

struct MHD_Daemon;

namespace volumeter {

struct ServerOptions {
  unsigned max_connections = 128;        // an address; more wait in the kernel
  unsigned max_connections_per_ip = 96;  // so that no single client takes them all
};

// The HTTP server: two threads an address, whatever the number of clients. A client that
// is slow or silent costs a connection until its time is up, and nobody else anything.
// The destructor drops open connections and waits only for answers that are being made.
class Server {
 public:
  // Makes the first thread. `service` must outlive the server.
  static Result<std::unique_ptr<Server>> start(std::vector<ListenSocket> sockets,
                                               const ServerOptions& options, Service& service);
  ~Server();

  // The ports in use, in the order of the sockets.
  const std::vector<std::uint16_t>& ports() const { return ports_; }

 private:
  struct Stop {
    void operator()(MHD_Daemon* daemon) const;
  };

  Server() = default;

  OpenSockets open_sockets_;
  std::vector<std::unique_ptr<MHD_Daemon, Stop>> daemons_;
  std::vector<int> listen_sockets_;  // which belong to the daemons
  std::vector<std::uint16_t> ports_;
};

}  // namespace volumeter
