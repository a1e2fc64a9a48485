// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/path_pattern.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::path_pattern_test {
namespace {

bool matches(const std::string& expression, const std::string& path) {
  const auto pattern = PathPattern::parse(expression);
  REQUIRE(pattern);
  return pattern->matches(path);
}

TEST_CASE("an expression must match the whole path") {
  CHECK(matches("/srv/.*", "/srv/a/b"));
  CHECK_FALSE(matches("/srv", "/srv/a"));
  CHECK_FALSE(matches("srv", "/srv"));
  CHECK(matches("^/srv$", "/srv"));
  CHECK(matches("/a|/b", "/b"));
  CHECK_FALSE(matches("/a|/b", "/bc"));
  CHECK_FALSE(matches("/a|/b", "/ac"));
}

TEST_CASE("a path may have arbitrary bytes") {
  CHECK(matches("/.*", "/\xFF\n\xC3"));
  CHECK(matches("/m\xC3\xBC.*", "/m\xC3\xBCll"));
  CHECK(matches("/a.b", std::string("/a\0b", 4)));
}

TEST_CASE("a default pattern matches nothing") {
  CHECK_FALSE(PathPattern().matches("/"));
  CHECK_FALSE(PathPattern().matches(""));
}

TEST_CASE("a long path needs neither deep recursion nor exponential time") {
  const std::string path = "/" + std::string(1 << 20, 'a');
  CHECK(matches("/(a|b|ab)*", path));
  CHECK_FALSE(matches("/(a*)*b", path));
}

TEST_CASE("an invalid expression is refused with the reason") {
  for (const std::string expression : {"(", "a)", "[", "*", "\\1", "(?=a)", "a{1001}"}) {
    CAPTURE(expression);
    const auto pattern = PathPattern::parse(expression);
    REQUIRE_FALSE(pattern);
    CHECK(pattern.error().kind == ErrorKind::kMalformed);
    CHECK_FALSE(pattern.error().what.empty());
  }
}

TEST_CASE("an expression that needs too much memory is refused") {
  CHECK_FALSE(PathPattern::parse("((a{100}){100}){100}"));
  CHECK_FALSE(PathPattern::parse("((\\pL{100}){10}){10}"));
}

}  // namespace
}  // namespace volumeter::path_pattern_test
