// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/parallel_get.h"

#include <catch2/catch.hpp>

#include "tests/support/scripted_engine.h"

namespace volumeter::docker::parallel_get_test {

using namespace std::chrono_literals;
using test::ScriptedEngine;

TEST_CASE("parallel requests are answered in their own order") {
  ScriptedEngine engine;
  for (int i = 0; i < 10; ++i) engine.answer("/" + std::to_string(i), std::to_string(i));
  std::vector<std::string> targets;
  for (int i = 0; i < 10; ++i) targets.push_back("/" + std::to_string(i));
  const auto replies = get_in_parallel(engine.host(), targets, 10s, {});
  REQUIRE(replies.size() == 10);
  for (int i = 0; i < 10; ++i)
    CHECK(replies[static_cast<std::size_t>(i)]->body ==
          targets[static_cast<std::size_t>(i)].substr(1));
  CHECK(get_in_parallel(engine.host(), {}, 10s, {}).empty());
}

TEST_CASE("a request that hangs is given up at the deadline and delays no other") {
  ScriptedEngine engine;
  engine.hang("/hung");
  engine.answer("/well", "yes");
  const auto replies = get_in_parallel(engine.host(), {"/hung", "/well"}, 20ms, {});
  CHECK(replies[0].error().kind == ErrorKind::kTimeout);
  CHECK(replies[1]->body == "yes");
}

TEST_CASE("a stop ends parallel requests at once") {
  ScriptedEngine engine;
  engine.hang("/hung");
  std::stop_source source;
  source.request_stop();
  const auto replies = get_in_parallel(engine.host(), {"/hung"}, 1h, source.get_token());
  CHECK_FALSE(replies[0]);
}

}  // namespace volumeter::docker::parallel_get_test
