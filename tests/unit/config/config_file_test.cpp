// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/config_file.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::config_file_test {
namespace {

using Settings = std::vector<Setting>;

Settings read(const std::string& text) {
  CAPTURE(text);
  const auto settings = parse_config_file(text);
  if (!settings) FAIL(settings.error().text());
  return *settings;
}

// "line 3: what is wrong" of a text that must not be accepted.
std::string refusal(const std::string& text) {
  CAPTURE(text.substr(0, 200));
  const auto settings = parse_config_file(text);
  REQUIRE_FALSE(settings);
  CHECK(settings.error().kind == ErrorKind::kMalformed);
  return settings.error().text();
}

std::string repeated(const std::string& part, int times) {
  std::string out;
  while (times-- > 0) out += part;
  return out;
}

TEST_CASE("a file without keys sets nothing") {
  for (const auto* text : {"", "\n\n", "# only a comment\n", "---\n", "{}\n"}) {
    CHECK(read(text).empty());
  }
}

TEST_CASE("flat and nested keys are equivalent") {
  CHECK(read("log.level: debug\n") == Settings{{"log.level", {"debug"}, 1}});
  CHECK(read("log:\n  level: debug\n") == Settings{{"log.level", {"debug"}, 2}});
  CHECK(read("collector:\n  volumes.labels: a\n  sizes:\n    interval: 5m\n") ==
        Settings{{"collector.volumes.labels", {"a"}, 2}, {"collector.sizes.interval", {"5m"}, 4}});
}

TEST_CASE("values are taken literally, whatever type YAML would give them") {
  CHECK(read("a: 007\nb: false\nc: \"\"\nd: ':10066'\ne: 1e3\n") == Settings{{"a", {"007"}, 1},
                                                                             {"b", {"false"}, 2},
                                                                             {"c", {""}, 3},
                                                                             {"d", {":10066"}, 4},
                                                                             {"e", {"1e3"}, 5}});
}

TEST_CASE("lists may be in flow or block style") {
  const Settings expected{{"web.listen-address", {":1", "[::1]:2"}, 1}};
  CHECK(read("web.listen-address: [':1', '[::1]:2']\n") == expected);
  CHECK(read("web.listen-address:\n- :1\n- '[::1]:2'\n") == expected);
  CHECK(read("a: []\n") == Settings{{"a", {}, 1}});
}

TEST_CASE("an alias repeats the value of its anchor") {
  CHECK(read("a: &x 5m\nb: *x\n") == Settings{{"a", {"5m"}, 1}, {"b", {"5m"}, 2}});
}

TEST_CASE("a document that is not a mapping of keys to values is refused with its line") {
  CHECK(refusal("- a\n- b\n") == "line 1: must be a mapping of keys to values");
  CHECK(refusal("just text\n") == "line 1: must be a mapping of keys to values");
  CHECK(refusal("a: 1\nb:\n") == "line 2: b: has no value");
  CHECK(refusal("a: 1\nb: ~\n") == "line 2: b: has no value");
  CHECK(refusal("a: 1\nb: {}\n") == "line 2: b: has no value");
  CHECK(refusal("a:\n- x\n- [y]\n") == "line 3: a: a list must hold plain values");
  CHECK(refusal("a:\n- x\n- b: y\n") == "line 3: a: a list must hold plain values");
  CHECK(refusal("? [a]\n: b\n") == "line 1: a key must be a string");
}

TEST_CASE("a key set more than once is an error, flat or nested") {
  CHECK(refusal("a: 1\na: 2\n") == "line 2: a: is set more than once");
  CHECK(refusal("a.b: 1\na:\n  b: 2\n") == "line 3: a.b: is set more than once");
}

TEST_CASE("a YAML syntax error names its line") {
  CHECK(refusal("a: 1\nb: [1, 2\nc: 3\n").starts_with("line "));
  CHECK(refusal("a: 1\n\tb: 2\n").starts_with("line 2: "));
  CHECK(refusal("a: *nowhere\n").starts_with("line 1: "));
}

TEST_CASE("content after the first document is refused") {
  CHECK(refusal("a: 1\n---\nb: 2\n") ==
        "line 2: only one YAML document is allowed; it ended before this line");
  CHECK(refusal("a: 1\n...\nb: 2\n").starts_with("line 3: "));
  CHECK(refusal("{a: 1}\n]\nb: 2\n").starts_with("line 2: "));
  CHECK(refusal("\"a\", b").starts_with("line 1: "));
  CHECK(read("a: 1\n...\n") == Settings{{"a", {"1"}, 1}});
}

TEST_CASE("keys may be nested five levels deep and no deeper") {
  CHECK(read("a: {b: {c: {d: {e: 1}}}}\n") == Settings{{"a.b.c.d.e", {"1"}, 1}});
  CHECK(refusal("a: {b: {c: {d: {e: {f: 1}}}}}\n") == "line 1: keys are nested too deeply");
}

TEST_CASE("thousands of open brackets are refused without recursion") {
  for (const auto* bracket : {"[", "{", "{a: ", "- "}) {
    CHECK_FALSE(refusal(repeated(bracket, 20'000)).empty());
  }
}

TEST_CASE("a key that contains itself is refused") {
  CHECK(refusal("a: &x\n  b: *x\n").find("nested too deeply") != std::string::npos);
}

TEST_CASE("aliases cannot expand a small file to a large configuration") {
  const std::string thousand = repeated("v,", 1000);
  std::string many_values = "a: &x [" + thousand + "v]\n";
  for (int i = 0; i < 999; ++i) many_values += "k" + std::to_string(i) + ": *x\n";
  CHECK(refusal(many_values).find("too large") != std::string::npos);

  std::string long_values = "a: &x " + std::string(10'000, 'v') + "\n";
  for (int i = 0; i < 900; ++i) long_values += "k" + std::to_string(i) + ": *x\n";
  CHECK(refusal(long_values).find("too large") != std::string::npos);

  std::string many_keys;
  for (int i = 0; i < 2000; ++i) many_keys += "k" + std::to_string(i) + ": 1\n";
  CHECK(refusal(many_keys) == "line 1001: too many keys");
}

TEST_CASE("aliases of empty maps are refused at the first one") {
  std::string text = "l0: &l0 {}\n";
  for (int level = 1; level < 4; ++level) {
    text += "l" + std::to_string(level) + ": &l" + std::to_string(level) + " {";
    for (int i = 0; i < 1000; ++i) {
      text += "k" + std::to_string(i) + ": *l" + std::to_string(level - 1) + ", ";
    }
    text += "}\n";
  }
  CHECK(refusal(text) == "line 1: l0: has no value");
}

}  // namespace
}  // namespace volumeter::config_file_test
