// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/router.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/support/captured_log.h"

namespace volumeter::router_test {
namespace {

// A router that records the requested scrape.
struct Fixture {
  ScrapeRequest asked;
  Format format{};
  std::string body = "body\n";
  bool ready = true;
  test::CapturedLog log;
  Router router{{.telemetry_path = "/metrics",
                 .scrape =
                     [this](const ScrapeRequest& request, Format wanted) {
                       asked = request;
                       format = wanted;
                       if (body.empty()) throw std::runtime_error("no body");
                       return body;
                     },
                 .is_collector = [](std::string_view name) { return name == "volumes"; },
                 .landing_page = [] { return std::string("<html></html>"); },
                 .ready = [this] { return ready; }},
                log.log};

  Response get(std::string_view path, std::string_view query = {}) {
    return router.answer({.method = "GET", .path = path, .raw_query = query});
  }
};

std::string header(const Response& response, std::string_view name) {
  for (const auto& field : response.headers) {
    if (field.name == name) return field.value;
  }
  return {};
}

}  // namespace

TEST_CASE("the telemetry path serves a scrape") {
  Fixture fixture;
  const auto response = fixture.get("/metrics");
  CHECK(response.status == 200);
  CHECK(response.body == "body\n");
  CHECK(header(response, "Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(header(response, "Vary") == "Accept, Accept-Encoding");
  CHECK(header(response, "Content-Encoding").empty());
}

TEST_CASE("format, collectors and timeout are passed to the scrape") {
  Fixture fixture;
  const auto response = fixture.router.answer({.method = "GET",
                                               .path = "/metrics",
                                               .raw_query = "collect[]=volumes",
                                               .accept = "application/openmetrics-text",
                                               .scrape_timeout = "7.5"});
  CHECK(response.status == 200);
  CHECK(header(response, "Content-Type") ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
  CHECK(fixture.format == Format::kOpenMetrics100);
  CHECK(fixture.asked.collect == std::vector<std::string>{"volumes"});
  CHECK(fixture.asked.timeout->count() == 7.5);
}

TEST_CASE("an unknown collector is refused with its name") {
  Fixture fixture;
  const auto response = fixture.get("/metrics", "exclude[]=volumes&exclude[]=vol%FFumes");
  CHECK(response.status == 400);
  CHECK(response.body == "unknown collector \"vol\xEF\xBF\xBDumes\".\n");
  CHECK(header(response, "X-Content-Type-Options") == "nosniff");
}

TEST_CASE("an invalid query is refused with the reason") {
  Fixture fixture;
  const auto response = fixture.get("/metrics", "collect[]=volumes&exclude[]=volumes");
  CHECK(response.status == 400);
  CHECK(response.body == "collect[] and exclude[] cannot be used together.\n");
}

TEST_CASE("a long body is compressed if the client accepts gzip") {
  Fixture fixture;
  const auto get = [&](std::size_t bytes, std::string_view accept_encoding) {
    fixture.body = std::string(bytes, 'x');
    return fixture.router.answer(
        {.method = "GET", .path = "/metrics", .accept_encoding = accept_encoding});
  };
  CHECK(header(get(512, "gzip"), "Content-Encoding") == "gzip");
  CHECK(get(512, "gzip").body.starts_with("\x1f\x8b"));
  CHECK(header(get(511, "gzip"), "Content-Encoding").empty());
  CHECK(header(get(512, "gzip;q=0"), "Content-Encoding").empty());
}

TEST_CASE("the landing page forbids scripts") {
  Fixture fixture;
  const auto response = fixture.get("/");
  CHECK(response.status == 200);
  CHECK(response.body == "<html></html>");
  CHECK(header(response, "Content-Type") == "text/html; charset=utf-8");
  CHECK(header(response, "Content-Security-Policy") ==
        "default-src 'none'; style-src 'unsafe-inline'");
  CHECK(header(response, "X-Content-Type-Options") == "nosniff");
}

TEST_CASE("/-/healthy is always 200, /-/ready only when ready") {
  Fixture fixture;
  CHECK(fixture.get("/-/healthy").body == "Volumeter is healthy.\n");
  CHECK(fixture.get("/-/ready").status == 200);
  fixture.ready = false;
  CHECK(fixture.get("/-/healthy").status == 200);
  CHECK(fixture.get("/-/ready").status == 503);
}

TEST_CASE("paths match exactly") {
  Fixture fixture;
  for (const auto* path : {"/metrics/foo", "/metricsfoo", "/metrics/", "/Metrics", "//", "", "*",
                           "/-/", "/index.html", "/../metrics"}) {
    CAPTURE(path);
    const auto response = fixture.get(path);
    CHECK(response.status == 404);
    CHECK(header(response, "Content-Type") == "text/plain; charset=utf-8");
  }
}

TEST_CASE("methods other than GET and HEAD are refused") {
  Fixture fixture;
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "get", ""}) {
    const auto response = fixture.router.answer({.method = method, .path = "/metrics"});
    CHECK(response.status == 405);
    CHECK(header(response, "Allow") == "GET, HEAD");
  }
  CHECK(fixture.router.answer({.method = "HEAD", .path = "/metrics"}).status == 200);
}

TEST_CASE("an exception during a scrape is answered with 500 and logged once") {
  Fixture fixture;
  fixture.body.clear();
  CHECK(fixture.get("/metrics").status == 500);
  CHECK(fixture.get("/metrics").status == 500);
  CHECK(fixture.log.text() ==
        "error subject=http msg=\"request failed and was answered with status 500; please report "
        "this bug\" path=/metrics error=\"no body\"\n");
}

}  // namespace volumeter::router_test
