// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/io_pressure.h"

#include <catch2/catch.hpp>

namespace volumeter {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the time in which some task waited is read from /proc/pressure/io") {
  CHECK(parse_io_pressure("some avg10=0.00 avg60=0.12 avg300=0.05 total=1234567\n"
                          "full avg10=0.00 avg60=0.10 avg300=0.04 total=1034567\n") == 1234567us);
  CHECK(parse_io_pressure("some total=0") == 0us);
}

TEST_CASE("a text of another shape tells no pressure") {
  for (const char* text :
       {"", "full avg10=0.00 total=1", "some avg10=1", "some total=", "some total=-1",
        "some total=99999999999999999999", "something total=1"}) {
    CHECK_FALSE(parse_io_pressure(text));
  }
}

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
}  // namespace volumeter
