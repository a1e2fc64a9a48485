// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/fields.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string_view>

namespace volumeter::fields_test {
namespace {

TEST_CASE("cut() splits a text at its separators") {
  std::string_view rest = "a::b";
  CHECK(cut(rest, ':') == "a");
  CHECK(cut(rest, ':').empty());
  CHECK(cut(rest, ':') == "b");
  CHECK(rest.empty());
  CHECK(cut(rest, ':').empty());
}

TEST_CASE("the last line needs no newline") {
  std::string_view rest = "one\n\ntwo";
  CHECK(next_line(rest) == "one");
  CHECK(next_line(rest).empty());
  CHECK(next_line(rest) == "two");
  CHECK(rest.empty());
}

TEST_CASE("fields are separated by any number of spaces and tabs") {
  std::string_view rest = "  cpu\t 12 \t";
  CHECK(next_field(rest) == "cpu");
  CHECK(next_field(rest) == "12");
  CHECK(next_field(rest).empty());
  CHECK(rest.empty());
}

TEST_CASE("an integer must be the whole text") {
  CHECK(to_integer<unsigned>("0") == 0);
  CHECK(to_integer<std::uint64_t>("18446744073709551615") == UINT64_MAX);
  for (const auto* text : {"", " 1", "1 ", "+1", "-1", "0x1", "1.0", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(to_integer<std::uint64_t>(text));
  }
  CHECK_FALSE(to_integer<std::uint16_t>("65536"));
}

TEST_CASE("a decimal number must be the whole text") {
  CHECK(to_double("1763876768.125") == 1763876768.125);
  CHECK(to_double("-0.5") == -0.5);
  for (const auto* text : {"", " 1", "1 ", "1,5", "1.5s", "1e999"}) {
    CAPTURE(text);
    CHECK_FALSE(to_double(text));
  }
}

TEST_CASE("trim() removes blanks at both ends only") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim("a") == "a");
  CHECK(trim(" \n").empty());
  CHECK(trim("").empty());
}

}  // namespace
}  // namespace volumeter::fields_test
