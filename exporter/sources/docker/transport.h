// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/sources/docker/endpoint.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter::docker {

class CurlConnection;

// Limits of time and size of an exchange with the engine.
struct Limits {
  std::chrono::milliseconds connect{1'000};
  std::chrono::milliseconds total{10'000};         // of get(); a stream has no limit
  std::size_t body_bytes = std::size_t{64} << 20;  // of what is kept of it, see JsonSieve
  std::size_t header_bytes = std::size_t{64} << 10;
};

// Sends HTTP GET requests to one engine over a unix socket, TCP or TLS, and nothing else.
// Thread-safe: each call takes an idle connection or opens one. A stop ends a call at once.
//
// Errors: kPermission if the socket may not be opened, kNotFound if the connection is refused,
// kTimeout, kMalformed if the response is not HTTP or too large, kIo for the rest.
class Transport {
 public:
  explicit Transport(Endpoint endpoint, Limits limits = {});
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // `target` is a path such as "/v1.41/volumes". Returns any status.
  Result<HttpReply> get(const std::string& target, std::stop_token stop);

  // See HostAccess::docker_stream. A status other than 200 is an error.
  Result<> stream(const std::string& target, const std::function<bool(std::string_view)>& on_data,
                  std::stop_token stop);

 private:
  static constexpr std::size_t kMaxIdle = 2;  // one for lists, one for events

  std::unique_ptr<CurlConnection> take_connection();
  void give_back(std::unique_ptr<CurlConnection> connection);

  const Endpoint endpoint_;
  const Limits limits_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<CurlConnection>> idle_;
};

}  // namespace volumeter::docker
