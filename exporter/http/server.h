// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
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
  unsigned max_connections = 128;        // per address; others wait in the backlog
  unsigned max_connections_per_ip = 96;  // so that a single client cannot use all
  std::chrono::seconds patience{15};     // for a request, and for the next piece of one
  // Between two requests: longer than the usual scrape intervals, so that a scraper does not send
  // into a connection that is just being closed. Only while at most half of the connections are in
  // use, so that idle clients leave room to others.
  std::chrono::seconds keep_alive{330};
};

// What the connections of a server share.
struct ConnectionKeeper {
  const ServerOptions options;
  OpenSockets sockets;
};

// The HTTP server: two threads per address for any number of clients. A slow or silent client
// occupies a connection until its timeout and delays no other client. The destructor closes open
// connections and waits only for responses that are being generated.
class Server {
 public:
  // Starts the first thread. Keeps a reference to `service`.
  static Result<std::unique_ptr<Server>> start(std::vector<ListenSocket> sockets,
                                               const ServerOptions& options, Service& service);
  ~Server();

  // The actual ports, in the order of the sockets.
  const std::vector<std::uint16_t>& ports() const { return ports_; }

 private:
  struct Stop {
    void operator()(MHD_Daemon* daemon) const;
  };

  explicit Server(const ServerOptions& options) : keeper_{options, {}} {}

  ConnectionKeeper keeper_;
  std::vector<std::unique_ptr<MHD_Daemon, Stop>> daemons_;
  std::vector<int> listen_sockets_;  // owned by the daemons
  std::vector<std::uint16_t> ports_;
};

}  // namespace volumeter
