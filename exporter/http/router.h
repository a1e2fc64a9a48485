// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/exposition/content_type.h"
#include "exporter/exposition/gzip.h"
#include "exporter/http/query.h"

namespace volumeter {

// The relevant parts of an HTTP request; a missing header is empty.
struct Request {
  std::string_view method;
  std::string_view path;
  std::string_view raw_query;  // after the '?', not decoded
  std::string_view accept;
  std::string_view accept_encoding;
  std::string_view scrape_timeout;  // X-Prometheus-Scrape-Timeout-Seconds
};

struct Header {
  std::string name;
  std::string value;
};

struct Response {
  unsigned status = 200;
  std::string body;
  std::vector<Header> headers;
};

// The content to serve. The functions must be thread-safe.
struct Routes {
  std::string telemetry_path;
  std::function<std::string(const ScrapeRequest&, Format)> scrape;  // the rendered body
  std::function<bool(std::string_view name)> is_collector;
  std::function<std::string()> landing_page;  // HTML
  std::function<bool()> ready;                // the first inventory is complete
};

// Answers requests, independently of sockets. Paths match exactly. Thread-safe.
class Router {
 public:
  Router(Routes routes, ChangeLog& log);

  // The response to HEAD is that to GET; the server omits its body. If a function of the routes
  // throws, the response is 500 and the exception is logged.
  Response answer(const Request& request);

 private:
  Response dispatch(const Request& request) const;
  Response scrape(const Request& request) const;
  void compress(Response& response);

  Routes routes_;
  ChangeLog& log_;
  GzipCompressor gzip_;
};

}  // namespace volumeter
