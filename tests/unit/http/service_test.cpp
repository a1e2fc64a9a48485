// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/service.h"

#include <spdlog/logger.h>

#include <catch2/catch.hpp>
#include <vector>

namespace volumeter::service_test {
namespace {

using std::chrono::milliseconds;

// A service whose scrape takes 30 ms by its own clock.
struct Fixture {
  SteadyTime now{};
  ChangeLog log{std::make_shared<spdlog::logger>("test"), LogFormat::kLogfmt,
                [] { return SteadyTime{}; }};
  ServerMetrics metrics;
  Service service;

  explicit Fixture(unsigned max_requests)
      : service({.telemetry_path = "/metrics",
                 .scrape =
                     [this](const ScrapeRequest&, Format) {
                       now += milliseconds(30);
                       return std::string(100, 'x');
                     },
                 .is_collector = [](std::string_view) { return true; },
                 .landing_page = [] { return std::string(10, 'x'); },
                 .ready = [] { return true; }},
                max_requests, log, metrics, [this] { return now; }) {}

  Service::Answer request(std::string_view method, std::string_view path) {
    return service.answer({.method = method, .path = path});
  }

  std::string exported() const { return render(metrics.collect(), Format::kText004); }
};

bool contains(const std::string& text, const std::string& line) {
  return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

}  // namespace

TEST_CASE("requests above the limit get 503 with Retry-After") {
  Fixture fixture(2);
  const auto first = fixture.request("GET", "/metrics");
  auto second = fixture.request("GET", "/metrics");
  CHECK(second.response.status == 200);

  const auto third = fixture.request("GET", "/metrics");
  CHECK(third.response.status == 503);
  CHECK(third.response.headers.back().name == "Retry-After");

  second.place.reset();
  CHECK(fixture.request("GET", "/metrics").response.status == 200);
}

TEST_CASE("health checks are exempt from the limit") {
  Fixture fixture(1);
  const auto first = fixture.request("GET", "/metrics");
  CHECK(fixture.request("GET", "/").response.status == 503);
  CHECK(fixture.request("GET", "/-/healthy").response.status == 200);
}

TEST_CASE("a limit of 0 disables it") {
  Fixture fixture(0);
  std::vector<Service::Answer> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(fixture.request("GET", "/metrics"));
  CHECK(answers.back().response.status == 200);
}

TEST_CASE("responses, bytes and scrapes are counted") {
  Fixture fixture(0);
  fixture.request("GET", "/metrics");
  fixture.request("HEAD", "/metrics");
  fixture.request("GET", "/");
  fixture.request("POST", "/");
  const std::string exported = fixture.exported();
  CAPTURE(exported);
  CHECK(contains(exported, "volumeter_http_responses_total{code=\"200\"} 3"));
  CHECK(contains(exported, "volumeter_http_responses_total{code=\"405\"} 1"));
  CHECK(contains(exported, "volumeter_http_response_bytes_total " + std::to_string(100 + 10 + 31)));
  CHECK(contains(exported, "volumeter_scrape_duration_seconds_count 2"));
  CHECK(contains(exported, "volumeter_scrape_duration_seconds_sum 0.06"));
  CHECK(contains(exported, "volumeter_scrape_duration_seconds_bucket{le=\"0.025\"} 0"));
  CHECK(contains(exported, "volumeter_scrape_duration_seconds_bucket{le=\"0.05\"} 2"));
  CHECK(contains(exported, "volumeter_scrape_duration_seconds_bucket{le=\"+Inf\"} 2"));
}

}  // namespace volumeter::service_test
