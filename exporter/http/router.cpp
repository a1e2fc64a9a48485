// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/router.h"

#include <exception>

#include "exporter/base/label.h"

namespace volumeter {
namespace {

// Below this size compression is not worth its overhead.
constexpr std::size_t kMinCompressedBytes = 512;

Response typed(unsigned status, std::string_view type, std::string body) {
  return {status,
          std::move(body),
          {{"Content-Type", std::string(type)}, {"X-Content-Type-Options", "nosniff"}}};
}

Response plain_text(unsigned status, std::string body) {
  return typed(status, "text/plain; charset=utf-8", std::move(body));
}

Response html(std::string body) {
  auto response = typed(200, "text/html; charset=utf-8", std::move(body));
  // The page has no scripts and loads nothing, so that names of volumes cannot inject any.
  response.headers.push_back(
      {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"});
  return response;
}

Response method_not_allowed() {
  auto response = plain_text(405, "Only GET and HEAD are allowed.\n");
  response.headers.push_back({"Allow", "GET, HEAD"});
  return response;
}

}  // namespace

Router::Router(Routes routes, ChangeLog& log) : routes_(std::move(routes)), log_(log) {}

Response Router::answer(const Request& request) {
  try {
    Response response = dispatch(request);
    if (response.status != 200) return response;
    response.headers.push_back({"Vary", "Accept, Accept-Encoding"});
    if (accepts_gzip(request.accept_encoding)) compress(response);
    return response;
  } catch (const std::exception& error) {
    log_.error("http", "request failed and was answered with status 500; please report this bug",
               {{"path", std::string(request.path)}, {"error", error.what()}});
    return plain_text(500, "Internal error; see Volumeter's log.\n");
  }
}

Response Router::dispatch(const Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") return method_not_allowed();
  if (request.path == routes_.telemetry_path) return scrape(request);
  if (request.path == "/") return html(routes_.landing_page());
  if (request.path == "/-/healthy") return plain_text(200, "Volumeter is healthy.\n");
  if (request.path == "/-/ready") {
    return routes_.ready() ? plain_text(200, "Volumeter is ready.\n")
                           : plain_text(503, "Volumeter is not ready yet.\n");
  }
  return plain_text(404, "Not found; metrics are at " + routes_.telemetry_path + ".\n");
}

Response Router::scrape(const Request& request) const {
  auto query = parse_query(request.raw_query);
  if (!query) return plain_text(400, query.error().what + ".\n");
  ScrapeRequest wanted = std::move(query).value();
  for (const auto* names : {&wanted.collect, &wanted.exclude}) {
    for (const auto& name : *names) {
      if (routes_.is_collector(name)) continue;
      return plain_text(400, "unknown collector \"" + repaired_utf8(name) + "\".\n");
    }
  }
  wanted.timeout = parse_scrape_timeout(request.scrape_timeout);
  const Format format = negotiate(request.accept);
  return typed(200, content_type(format), routes_.scrape(wanted, format));
}

void Router::compress(Response& response) {
  if (response.body.size() < kMinCompressedBytes) return;
  response.body = gzip_.compress(response.body);
  response.headers.push_back({"Content-Encoding", "gzip"});
}

}  // namespace volumeter
