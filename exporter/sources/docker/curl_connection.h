// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "exporter/sources/docker/endpoint.h"
#include "exporter/sources/docker/transport.h"

namespace volumeter::docker {

// A keep-alive HTTP connection to the engine. For one thread at a time.
class CurlConnection {
 public:
  CurlConnection();
  ~CurlConnection();
  CurlConnection(const CurlConnection&) = delete;
  CurlConnection& operator=(const CurlConnection&) = delete;

  // Callbacks of an exchange. Returning false ends the exchange without an error.
  struct Listener {
    std::function<bool(long status)> on_headers;
    std::function<bool(std::string_view)> on_body;
  };

  // Returns the HTTP status once the response is complete, the listener ended it or a stop was
  // requested (0 if no status had arrived). `total` is the time limit, absent for a stream.
  Result<long> exchange(const Endpoint& endpoint, const std::string& target, const Limits& limits,
                        std::optional<std::chrono::milliseconds> total, const Listener& listener,
                        std::stop_token stop);

  // A header of the last response; empty if absent.
  std::string header(const char* name) const;

 private:
  struct Progress;

  void set_options(const Endpoint& endpoint, const std::string& target, const Limits& limits,
                   std::optional<std::chrono::milliseconds> total, Progress& progress);
  CURLcode run(std::stop_token stop);
  Error failure(CURLcode code, std::string where, const Limits& limits) const;

  static std::size_t take_header(char* data, std::size_t, std::size_t size, void* progress);
  static std::size_t take_body(char* data, std::size_t, std::size_t size, void* progress);

  CURL* easy_;
  CURLM* multi_;
  char detail_[CURL_ERROR_SIZE] = {};
};

}  // namespace volumeter::docker
