// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/query.h"

#include <catch2/catch.hpp>

namespace volumeter::query_test {
namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("an empty query selects everything") {
  const auto request = parse_query("");
  REQUIRE(request);
  CHECK(request->collect.empty());
  CHECK(request->exclude.empty());
  CHECK_FALSE(request->timeout);
}

TEST_CASE("a request target may be absolute") {
  struct Case {
    const char* target;
    const char* path;
    const char* query;
  };
  const Case all[] = {
      {"/metrics", "/metrics", ""},
      {"/metrics?a=http://b/c", "/metrics", "a=http://b/c"},
      {"http://host/metrics", "/metrics", ""},
      {"http://host:10066/metrics?a=b", "/metrics", "a=b"},
      {"HTTP://[::1]:10066/-/ready", "/-/ready", ""},
      {"https://user@host/metrics?", "/metrics", ""},
      {"http://host", "/", ""},
      {"http://host?a=/b", "/", "a=/b"},
      {"http://", "/", ""},
      {"http:///metrics", "/metrics", ""},
      {"//host/metrics", "//host/metrics", ""},
      {"ftp://host/metrics", "ftp://host/metrics", ""},
      {"http:/metrics", "http:/metrics", ""},
      {"", "", ""},
      {"*", "*", ""},
  };
  for (const Case& one : all) {
    CAPTURE(one.target);
    CHECK(parse_request_target(one.target).path == one.path);
    CHECK(parse_request_target(one.target).raw_query == one.query);
  }
}

TEST_CASE("collect[] and exclude[] may be percent-encoded") {
  CHECK(parse_query("collect[]=volumes&collect%5B%5D=orphans&collect%5b%5d=sizes")->collect ==
        Names{"volumes", "orphans", "sizes"});
  CHECK(parse_query("exclude[]=volumes&exclude[]=sizes")->exclude == Names{"volumes", "sizes"});
}

TEST_CASE("values are form-decoded") {
  CHECK(parse_query("collect[]=a+b%20c%2B")->collect == Names{"a b c+"});
  CHECK(parse_query("collect[]=a=b")->collect == Names{"a=b"});
  CHECK(parse_query("collect[]=%00%ff")->collect == Names{std::string("\0\xff", 2)});
}

TEST_CASE("a percent sign without two hex digits is kept") {
  CHECK(parse_query("collect[]=%&collect[]=%4&collect[]=%zz&collect[]=%-1")->collect ==
        Names{"%", "%4", "%zz", "%-1"});
}

TEST_CASE("an empty name is kept for the caller to refuse") {
  CHECK(parse_query("collect[]=&collect[]")->collect == Names{"", ""});
}

TEST_CASE("other parameters are ignored") {
  const auto request = parse_query("&&x=1&collect=volumes&Collect[]=sizes&=&debug");
  REQUIRE(request);
  CHECK(request->collect.empty());
}

TEST_CASE("collect[] and exclude[] together are refused") {
  const auto request = parse_query("collect[]=volumes&exclude[]=sizes");
  REQUIRE_FALSE(request);
  CHECK(request.error().kind == ErrorKind::kMalformed);
  CHECK(request.error().what == "collect[] and exclude[] cannot be used together");
}

TEST_CASE("the number of parameters is limited") {
  std::string query;
  for (std::size_t i = 0; i < kMaxQueryParameters; ++i) query += "collect[]=a&";
  CHECK(parse_query(query)->collect.size() == kMaxQueryParameters);
  CHECK_FALSE(parse_query(query + "x"));
}

TEST_CASE("the scrape timeout is a number of seconds") {
  CHECK(parse_scrape_timeout("10")->count() == 10);
  CHECK(parse_scrape_timeout(" 0.5 ")->count() == 0.5);
  CHECK(parse_scrape_timeout("1000000")->count() == 1e6);
}

TEST_CASE("an invalid scrape timeout is ignored") {
  for (const auto* text : {"", "0", "-1", "nan", "inf", "1000001", "10s", "1e999", "0x10"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_scrape_timeout(text));
  }
}

}  // namespace volumeter::query_test
