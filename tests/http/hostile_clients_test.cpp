// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <deque>
#include <fstream>

#include "tests/http/http_client.h"
#include "tests/http/test_server.h"
#include "tests/support/eventually.h"

namespace volumeter::hostile_clients_test {
namespace {

using namespace std::chrono_literals;

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

}  // namespace

TEST_CASE("silent clients, partial requests and clients that read nothing delay no scrape") {
  TestServer server;
  server.body = std::string(8 << 20, 'x');
  std::deque<RawClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(server.port());  // sends nothing
    clients.emplace_back(server.port()).send("GET /metrics HTTP/1.1\r\nHost: a\r\nX-Half");
    // Requests more than the sockets buffer and reads only the beginning of the response.
    REQUIRE(clients.emplace_back(server.port()).send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(clients.back().receive().starts_with("HTTP/1.1 200"));
  }
  const auto reply = HttpClient(server.url()).get("/metrics");
  CHECK(reply.status == 200);
  CHECK(reply.body.size() == server.body.size());
  CHECK(reply.took < 5s);
}

TEST_CASE("a single client cannot use all connections") {
  TestServer server;
  std::deque<RawClient> greedy;
  for (int i = 0; i < 200; ++i) greedy.emplace_back(server.port());
  RawClient other(server.port(), INADDR_LOOPBACK + 1);
  REQUIRE(other.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(other.receive().starts_with("HTTP/1.1 200"));
}

TEST_CASE("slow readers count as requests until the response is sent or they disconnect") {
  TestServer server(1);
  server.body = std::string(32 << 20, 'x');
  HttpClient client(server.url());
  {
    RawClient deaf(server.port());
    REQUIRE(deaf.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(deaf.receive().starts_with("HTTP/1.1 200"));
    auto reply = client.get("/metrics");
    CHECK(reply.status == 503);
    CHECK(reply.headers["retry-after"] == "1");
    CHECK(client.get("/-/healthy").status == 200);
  }
  CHECK(test::eventually([&] { return client.get("/metrics").status == 200; }));
}

TEST_CASE("an endless header line is refused with bounded memory") {
  TestServer server;
  HttpClient(server.url()).get("/metrics");
  const std::string megabyte(1 << 20, 'x');
  const auto before = resident_bytes();
  for (int i = 0; i < 20; ++i) {
    RawClient client(server.port());
    client.send("GET /metrics HTTP/1.1\r\nHost: a\r\nX-Long: ");
    bool open = true;
    for (int sent = 0; sent < 64 && open; ++sent) open = client.send(megabyte);
    CHECK_FALSE(open);
  }
  CHECK(resident_bytes() < before + (8 << 20));
  CHECK(HttpClient(server.url()).get("/metrics").status == 200);
  CHECK(server.scrapes == 2);
}

TEST_CASE("headers that are too long get status 431") {
  TestServer server;
  HttpClient client(server.url());
  CHECK(client.get("/metrics", {"X-Long: " + std::string(33000, 'x')}).status == 431);
  CHECK(client.get("/metrics?" + std::string(20000, 'x')).status == 200);
}

TEST_CASE("malformed requests affect no other client") {
  TestServer server;
  using namespace std::string_literals;
  for (const auto& text :
       {"\r\n\r\n\r\n"s, "GET\r\n\r\n"s, "\0\0\0\0\r\n\r\n"s, "GET /metrics HTTP/9.9\r\n\r\n"s,
        "GET / HTTP/1.1\r\n: no name\r\n\r\n"s, "GET /\0metrics HTTP/1.1\r\nHost: a\r\n\r\n"s,
        "POST /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"s,
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"s,
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "GET /" + std::string(40000, 'a')}) {
    RawClient client(server.port());
    client.send(text);
  }
  CHECK(HttpClient(server.url()).get("/metrics").status == 200);
}

TEST_CASE("the server stops at once while clients hold connections") {
  TestServer server;
  server.body = std::string(32 << 20, 'x');
  std::deque<RawClient> clients;
  for (int i = 0; i < 30; ++i) clients.emplace_back(server.port()).send("GET /metr");
  RawClient deaf(server.port());
  deaf.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(deaf.receive().starts_with("HTTP/1.1 200"));

  const auto start = std::chrono::steady_clock::now();
  server.server.reset();
  CHECK(std::chrono::steady_clock::now() - start < 1s);
}

}  // namespace volumeter::hostile_clients_test
