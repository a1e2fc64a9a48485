// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/label.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::label_test {
namespace {

constexpr const char* kBad = "\xEF\xBF\xBD";  // U+FFFD

std::string bad(int count) {
  std::string out;
  while (count-- > 0) out += kBad;
  return out;
}

TEST_CASE("valid UTF-8 is unchanged") {
  for (const std::string text :
       {"", "volume_1", "gr\xC3\xBC\xC3\x9F", "\xE2\x82\xAC", "\xF0\x9F\x90\xB3", "\x7F",
        "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF"}) {
    CHECK(repaired_utf8(text) == text);
  }
  CHECK(repaired_utf8(std::string("a\0b", 3)) == std::string("a\0b", 3));
}

TEST_CASE("each invalid byte becomes a replacement character") {
  CHECK(repaired_utf8("a\xFFz") == "a" + bad(1) + "z");
  CHECK(repaired_utf8("\x80\xBF") == bad(2));
  CHECK(repaired_utf8("\xFE\xFF") == bad(2));
}

TEST_CASE("overlong forms, surrogates and values above U+10FFFF are invalid") {
  CHECK(repaired_utf8("\xC0\xAF") == bad(2));
  CHECK(repaired_utf8("\xC1\xBF") == bad(2));
  CHECK(repaired_utf8("\xE0\x9F\xBF") == bad(3));
  CHECK(repaired_utf8("\xF0\x8F\xBF\xBF") == bad(4));
  CHECK(repaired_utf8("\xED\xA0\x80") == bad(3));
  CHECK(repaired_utf8("\xF4\x90\x80\x80") == bad(4));
  CHECK(repaired_utf8("\xF5\x80\x80\x80") == bad(4));
}

TEST_CASE("a truncated sequence does not affect the next character") {
  CHECK(repaired_utf8("\xE2\x82") == bad(2));
  CHECK(repaired_utf8("\xE2\x82z") == bad(2) + "z");
  CHECK(repaired_utf8("\xF0\x9F\x90\xC3\xBC") == bad(3) + "\xC3\xBC");
}

TEST_CASE("a label value is escaped for the exposition formats") {
  CHECK(Label("a\"b\\c\nd").escaped() == R"(a\"b\\c\nd)");
  CHECK(Label("tab\there, {brace}").escaped() == "tab\there, {brace}");
  CHECK(Label("x\xFF").escaped() == "x" + bad(1));
}

TEST_CASE("plain() returns the unescaped text") {
  for (const std::string text : {"", "plain", "a\"b\\c\nd", "\\n", "\\\\\"", "\n\n"}) {
    CHECK(Label(text).plain() == text);
  }
}

TEST_CASE("a long label value is cut and stays valid UTF-8") {
  const Label longest(std::string(Label::kMaxBytes, 'x'));
  CHECK(longest.escaped().size() == Label::kMaxBytes);
  CHECK(Label(std::string(1 << 20, 'x')) == longest);

  const Label cut(std::string(Label::kMaxBytes - 1, 'x') + "\xC3\xBC");
  CHECK(cut.escaped() == std::string(Label::kMaxBytes - 1, 'x') + kBad);
}

TEST_CASE("labels compare by their text, and the default is empty") {
  CHECK(Label().empty());
  CHECK(Label("") == Label());
  CHECK(Label("a") < Label("b"));
  CHECK_FALSE(Label("a").empty());
}

}  // namespace
}  // namespace volumeter::label_test
