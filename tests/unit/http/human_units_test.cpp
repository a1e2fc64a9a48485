// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/human_units.h"

#include <catch2/catch.hpp>

namespace volumeter::human_units_test {
namespace {

TEST_CASE("bytes are shown in the largest unit with a value of at least one") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(1023) == "1023 B");
  CHECK(human_bytes(1024) == "1.0 KiB");
  CHECK(human_bytes(1536) == "1.5 KiB");
  CHECK(human_bytes(5.0 * 1024 * 1024 * 1024) == "5.0 GiB");
  CHECK(human_bytes(1.5 * 1152921504606846976.0) == "1.5 EiB");
  CHECK(human_bytes(18446744073709551615.0) == "16.0 EiB");
}

TEST_CASE("bytes are not rounded up to 1024 of a unit") {
  CHECK(human_bytes(1024 * 1024 - 1) == "1.0 MiB");
  CHECK(human_bytes(1023.9 * 1024) == "1023.9 KiB");
}

TEST_CASE("a duration is shown in one unit, rounded down") {
  CHECK(human_duration(0) == "0 s");
  CHECK(human_duration(0.9) == "0 s");
  CHECK(human_duration(119.9) == "119 s");
  CHECK(human_duration(120) == "2 min");
  CHECK(human_duration(5400) == "90 min");
  CHECK(human_duration(2 * 3600) == "2 h");
  CHECK(human_duration(2 * 86400 - 1) == "47 h");
  CHECK(human_duration(200000) == "2 days");
}

TEST_CASE("special characters of HTML are escaped") {
  CHECK(escaped_html("<a href=\"x\">'&amp;'</a>") ==
        "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39;&lt;/a&gt;");
  CHECK(escaped_html("plain \xC3\xBC\n") == "plain \xC3\xBC\n");
  CHECK(escaped_html("").empty());
}

}  // namespace
}  // namespace volumeter::human_units_test
