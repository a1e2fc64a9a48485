// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/listen_address.h"

#include <catch2/catch.hpp>

namespace volumeter::listen_address_test {

TEST_CASE("a listen address is a host and a port") {
  CHECK(*parse_listen_address(":10066") == ListenAddress{"", 10066});
  CHECK(*parse_listen_address("127.0.0.1:0") == ListenAddress{"127.0.0.1", 0});
  CHECK(*parse_listen_address("localhost:65535") == ListenAddress{"localhost", 65535});
  CHECK(*parse_listen_address("[::1]:10066") == ListenAddress{"::1", 10066});
  CHECK(*parse_listen_address("[::]:10066") == ListenAddress{"::", 10066});
  CHECK(*parse_listen_address("[fe80::1%eth0]:1") == ListenAddress{"fe80::1%eth0", 1});
}

TEST_CASE("a listen address is printed as it was parsed") {
  for (const auto* text : {":10066", "127.0.0.1:80", "localhost:0", "[::1]:10066"}) {
    CHECK(parse_listen_address(text)->text() == text);
  }
}

TEST_CASE("an invalid listen address is refused and named") {
  for (const auto* text : {"",
                           "10066",
                           "localhost",
                           ":",
                           ":x",
                           ":65536",
                           ":-1",
                           ":+1",
                           ": 80",
                           "::1:10066",
                           "[]:80",
                           "[:80",
                           "]:80",
                           "[127.0.0.1]:80",
                           "[::1]",
                           "[::1]x:80",
                           "a b:80",
                           "a/b:80",
                           "http://localhost:80",
                           "\n:80"}) {
    CAPTURE(text);
    const auto address = parse_listen_address(text);
    REQUIRE_FALSE(address);
    CHECK(address.error().kind == ErrorKind::kMalformed);
    CHECK(address.error().where == "listen address \"" + std::string(text) + '"');
  }
  CHECK_FALSE(parse_listen_address(std::string(1000, 'a') + ":80"));
}

}  // namespace volumeter::listen_address_test
