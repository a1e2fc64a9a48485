// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/pressure_gate.h"

#include <catch2/catch.hpp>

namespace volumeter::pressure_gate_test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the gate closes while others wait and opens when they do not") {
  PressureGate gate(0.2);
  SteadyTime now{1h};
  auto waited = 0us;
  const auto look = [&](std::chrono::microseconds more, bool was_running = false) {
    now += 1s;
    waited += more;
    gate.look(now, waited, was_running);
    return gate.is_closed();
  };
  CHECK_FALSE(look(0us));
  CHECK_FALSE(look(100ms));
  CHECK(look(500ms));
  CHECK(look(300ms));
  CHECK_FALSE(look(0ms));
}

TEST_CASE("what was waited for while a scan ran closes nothing") {
  PressureGate gate(0.2);
  SteadyTime now{1h};
  gate.look(now, 0us, false);
  gate.look(now + 1s, 1s, true);
  CHECK_FALSE(gate.is_closed());
  gate.look(now + 3s, 3s, false);
  CHECK(gate.is_closed());
}

TEST_CASE("a kernel that tells no pressure keeps the gate open") {
  PressureGate gate(0.2);
  gate.look(SteadyTime(1s), 0us, false);
  gate.look(SteadyTime(3s), 2s, false);
  REQUIRE(gate.is_closed());
  gate.look(SteadyTime(4s), {}, false);
  CHECK_FALSE(gate.is_closed());
}

}  // namespace
}  // namespace volumeter::pressure_gate_test
