// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/io_pressure.h"

#include <catch2/catch.hpp>

namespace volumeter::io_pressure_test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the some and full totals of io.pressure are parsed") {
  const auto pressure = parse_io_pressure(
      "some avg10=0.00 avg60=0.12 avg300=0.05 total=1234567\n"
      "full avg10=0.00 avg60=0.10 avg300=0.04 total=1034567\n");
  REQUIRE(pressure);
  CHECK(pressure->some == 1234567us);
  CHECK(pressure->full == 1034567us);
}

TEST_CASE("a missing full line of io.pressure is absent, not zero") {
  for (const char* text : {"some total=7", "some total=7\n", "some total=7\nfull avg10=0.00\n",
                           "some total=7\nful", "some total=7\nfull total=-1\n"}) {
    CAPTURE(text);
    const auto pressure = parse_io_pressure(text);
    REQUIRE(pressure);
    CHECK(pressure->some == 7us);
    CHECK_FALSE(pressure->full);
  }
}

TEST_CASE("malformed io.pressure is absent") {
  for (const char* text :
       {"", "full avg10=0.00 total=1", "some avg10=1", "some total=", "some total=-1",
        "some total=99999999999999999999", "something total=1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_io_pressure(text));
  }
}

}  // namespace
}  // namespace volumeter::io_pressure_test
