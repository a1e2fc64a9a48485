// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/rfc3339.h"

#include <catch2/catch.hpp>

namespace volumeter::docker::rfc3339_test {
namespace {

// Nanoseconds since 1970, or nothing.
std::optional<std::int64_t> nanos(std::string_view text) {
  const auto time = parse_rfc3339(text);
  if (!time) return {};
  return std::chrono::nanoseconds(time->time_since_epoch()).count();
}

}  // namespace

TEST_CASE("a time is parsed to the nanosecond") {
  CHECK(nanos("2026-11-23T05:56:31.135918637Z") == 1795413391135918637);
  CHECK(nanos("2026-11-23T05:56:31Z") == 1795413391000000000);
  CHECK(nanos("1970-01-01T00:00:00Z") == 0);
  CHECK(nanos("2024-02-29T23:59:59.5Z") == 1709251199500000000);
}

TEST_CASE("a time as Go prints it, which a cluster volume has, is parsed") {
  CHECK(nanos("2026-05-16 10:00:00.123 +0000 UTC") == 1778925600123000000);
  CHECK(nanos("2026-05-16 10:00:00 +0000 UTC") == 1778925600000000000);
  CHECK_FALSE(nanos("2026-05-16T10:00:00 +0000 UTC"));
  CHECK_FALSE(nanos("2026-05-16 10:00:00 +0200 CEST"));
  CHECK_FALSE(nanos(" +0000 UTC"));
}

TEST_CASE("the offset of a time zone is subtracted") {
  CHECK(nanos("2026-11-23T06:56:31+01:00") == 1795413391000000000);
  CHECK(nanos("2026-11-22T21:26:31-08:30") == 1795413391000000000);
}

TEST_CASE("digits beyond nanoseconds and leap seconds are accepted") {
  CHECK(nanos("2026-11-23T05:56:31.1359186379999Z") == 1795413391135918637);
  CHECK(nanos("2016-12-31T23:59:60Z") == 1483228800000000000);
}

TEST_CASE("Go's zero time and times out of range are absent") {
  CHECK_FALSE(nanos("0001-01-01T00:00:00Z"));
  CHECK_FALSE(nanos("1969-12-31T23:59:59Z"));
  CHECK_FALSE(nanos("2262-01-01T00:00:00Z"));
  CHECK_FALSE(nanos("9999-12-31T23:59:59Z"));
}

TEST_CASE("malformed times are absent") {
  for (const auto text :
       {"", "2026", "2026-11-23", "2026-11-23T05:56:31", "2026-11-23 05:56:31Z",
        "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T05:60:00Z", "2026-11-23T05:56:61Z", "2026-11-23T05:56:31.Z",
        "2026-11-23T05:56:31Zx", "2026-11-23T05:56:31+1:00", "2026-11-23T05:56:31+24:00",
        "+026-11-23T05:56:31Z", "2026-1a-23T05:56:31Z", " 2026-11-23T05:56:31Z"}) {
    INFO(text);
    CHECK_FALSE(nanos(text));
  }
}

}  // namespace volumeter::docker::rfc3339_test
