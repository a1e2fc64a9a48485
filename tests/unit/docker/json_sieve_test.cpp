// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/json_sieve.h"

#include <catch2/catch.hpp>

#include "exporter/sources/docker/decode.h"

namespace volumeter::docker::json_sieve_test {
namespace {

using Shape = ItemsAt::Shape;

constexpr std::string_view kKept[] = {"Id", "Labels"};

// In one piece, and byte by byte: both give the same.
std::string sieved(Shape shape, const std::string& text) {
  std::string whole;
  JsonSieve(shape, kKept).feed(text, whole);
  std::string parts;
  JsonSieve sieve(shape, kKept);
  for (const char& c : text) sieve.feed({&c, 1}, parts);
  CHECK(whole == parts);
  return whole;
}

}  // namespace

TEST_CASE("of each item only the fields that are read are kept") {
  CHECK(sieved(Shape::kWhole, R"({"Ports":[{"a":1},2],"Id":"x","Size":3,"Labels":{"Id":"y"}})") ==
        R"({"Id":"x","Labels":{"Id":"y"}})");
  CHECK(sieved(Shape::kList, R"([{"Id":"x","Ports":{"8/tcp":null}},{"Ports":[]},{"Id":"y"}])") ==
        R"([{"Id":"x"},{},{"Id":"y"}])");
  CHECK(sieved(Shape::kListUnderKey,
               R"({"Volumes":[{"Status":{"x":[1]},"Id":"x"}],"Warnings":["a, b: c"]})") ==
        R"({"Volumes":[{"Id":"x"}],"Warnings":["a, b: c"]})");
}

TEST_CASE("brackets, colons and quotation marks in strings are text") {
  const std::string text = R"([{"Id":"a\"},{\\","x":"}]\"","Labels":{"k":"]:,{"}}])";
  CHECK(sieved(Shape::kList, text) == R"([{"Id":"a\"},{\\","Labels":{"k":"]:,{"}}])");
}

TEST_CASE("a key that is written with escapes is left to the parser") {
  CHECK(sieved(Shape::kList, R"([{"\u0049d":"x","a\"b":1,"Size":2}])") ==
        R"([{"\u0049d":"x","a\"b":1}])");
}

TEST_CASE("null, an empty list and an item that is no object pass as they are") {
  for (const char* text :
       {"null", "[]", "", "[1,[2,{\"Id\":3}],null]", "nonsense", "]}]}", "{\"a"}) {
    INFO(text);
    CHECK(sieved(Shape::kList, text) == text);
  }
}

TEST_CASE("a value that is too large becomes null, is counted and costs no other") {
  const std::string large(JsonSieve::kMaxFieldBytes + 1, 'x');
  JsonSieve sieve(Shape::kList, kKept);
  std::string out;
  sieve.feed(R"([{"Id":"a","Labels":{"k":")" + large + R"("},"Id2":1},{"Id":"b"}])", out);
  CHECK(out == R"([{"Id":"a","Labels":null},{"Id":"b"}])");
  CHECK(sieve.cut_fields() == 1);
}

TEST_CASE("what is not kept takes no memory, whatever its size") {
  JsonSieve sieve(Shape::kList, kKept);
  std::string out;
  const std::string ports = R"({"IP":"0.0.0.0","PrivatePort":1,"PublicPort":1,"Type":"tcp"},)";
  sieve.feed(R"([{"Id":"a","Ports":[)", out);
  for (int i = 0; i < 1'000'000; ++i) sieve.feed(ports, out);
  sieve.feed(R"({}],")" + std::string(1'000'000, 'k') + R"(":1,"Id2":2}])", out);
  CHECK(out == R"([{"Id":"a"}])");
  CHECK(out.capacity() < 1000);
}

TEST_CASE("the replies that may be large are sieved, whatever the version and the query") {
  CHECK(shape_of_reply("/v1.41/volumes")->shape == Shape::kListUnderKey);
  CHECK(shape_of_reply("/v1.41/volumes?filters=%7B%7D")->shape == Shape::kListUnderKey);
  CHECK(shape_of_reply("/containers/json?all=1")->shape == Shape::kList);
  CHECK(shape_of_reply("/v1.24/containers/abc/json")->shape == Shape::kWhole);
  CHECK(shape_of_reply("/v1.24/volumes/db")->shape == Shape::kWhole);
  for (const char* other : {"/_ping", "/v1.41/info", "/v1.41/version", "/v1.", "", "/v1.41"}) {
    CHECK_FALSE(shape_of_reply(other));
  }
}

}  // namespace volumeter::docker::json_sieve_test
