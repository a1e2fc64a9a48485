// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "exporter/exposition/text_format.h"
#include "tests/http/http_client.h"
#include "tests/http/test_server.h"

namespace volumeter::promtool_test {
namespace {

constexpr MetricDesc kInfo{"docker_volume_info",
                           MetricType::kGauge,
                           "A \"help\" with \\ and\na second line.",
                           {"volume", "mountpoint"}};
constexpr MetricDesc kSize{
    "docker_volume_size_bytes", MetricType::kGauge, "Size. Sampled.", {"volume"}};

// Exit status of `promtool check metrics` for a text: 1 parse error, 3 lint error.
int promtool(const std::string& text) {
  FILE* const pipe = ::popen("promtool check metrics >/dev/null 2>&1", "w");
  REQUIRE(pipe != nullptr);
  std::fwrite(text.data(), 1, text.size(), pipe);
  return WEXITSTATUS(::pclose(pipe));
}

bool promtool_is_missing() {
  if (std::system("command -v promtool >/dev/null") == 0) return false;
  const char* const must_run = std::getenv("VOLUMETER_TESTS_MUST_RUN");
  if (must_run != nullptr && std::string(must_run) == "1") FAIL("promtool is not installed");
  WARN("promtool is not installed: not tested");
  return true;
}

}  // namespace

TEST_CASE("promtool accepts a scrape") {
  if (promtool_is_missing()) return;
  TestServer server;
  HttpClient client(server.url());
  client.get("/metrics");
  client.get("/nowhere");

  const Label nasty("sp ace \"quote\" back\\slash new\nline \xF0\x9F\x90\xB3 \xFF");
  MetricFamilies families = server.metrics.collect();
  families.add(kInfo, {nasty, nasty}, 1);
  families.add(kSize, {nasty}, 1e300);
  server.body = render(families, Format::kText004);
  const std::string body = client.get("/metrics").body;
  CAPTURE(body);
  CHECK(promtool(body) == 0);
  CHECK(promtool(body + "broken{\n") == 1);
}

}  // namespace volumeter::promtool_test
