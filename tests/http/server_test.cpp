// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/server.h"

#include <libdeflate.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>
#include <ctime>
#include <thread>

#include "tests/http/http_client.h"
#include "tests/http/test_server.h"

namespace volumeter::server_test {
namespace {

bool kernel_has_ipv6() {
  return UniqueFd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)).get() >= 0;
}

std::string unpacked(const std::string& gzip) {
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflater(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  std::string out(1 << 20, '\0');
  std::size_t size = 0;
  REQUIRE(libdeflate_gzip_decompress(inflater.get(), gzip.data(), gzip.size(), out.data(),
                                     out.size(), &size) == LIBDEFLATE_SUCCESS);
  out.resize(size);
  return out;
}

}  // namespace

TEST_CASE("a scrape gets the body and its Content-Type") {
  TestServer server;
  HttpClient client(server.url());
  auto reply = client.get("/metrics");
  CHECK(reply.status == 200);
  CHECK(reply.body == "docker_up 1\n");
  CHECK(reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(reply.headers["content-length"] == "12");

  reply = client.get("/metrics", {"Accept: application/openmetrics-text;version=1.0.0"});
  CHECK(reply.headers["content-type"] ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST_CASE("a connection serves many requests") {
  TestServer server;
  HttpClient client(server.url());
  for (int i = 0; i < 20; ++i) CHECK(client.get("/metrics").status == 200);
  CHECK(client.connections() == 1);
}

TEST_CASE("a request target may be absolute, as clients of proxies send it") {
  TestServer server;
  for (const char* target : {"http://host:1/metrics", "HTTP://[::1]/metrics?collect[]=volumes",
                             "http://host/-/healthy", "http://host"}) {
    RawClient client(server.port());
    REQUIRE(client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(client.receive().starts_with("HTTP/1.1 200"));
  }
}

TEST_CASE("a connection is kept between scrapes for longer than a request may take") {
  TestServer server;
  server.restart({.patience = std::chrono::seconds(1), .keep_alive = std::chrono::seconds(330)});
  HttpClient client(server.url());
  CHECK(client.get("/metrics").status == 200);
  RawClient silent(server.port());
  std::this_thread::sleep_for(std::chrono::milliseconds(3500));
  CHECK(silent.receive().empty());  // closed
  CHECK(client.get("/metrics").status == 200);
  CHECK(client.connections() == 1);
}

TEST_CASE("idle connections are not kept while others may need them") {
  TestServer server;
  server.restart({.max_connections = 8,
                  .max_connections_per_ip = 8,
                  .patience = std::chrono::seconds(1),
                  .keep_alive = std::chrono::seconds(330)});
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 8; ++i) {
    idle.push_back(std::make_unique<RawClient>(server.port()));
    if (idle.back()->send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")) idle.back()->receive();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(3500));
  CHECK(HttpClient(server.url()).get("/metrics").took < std::chrono::seconds(2));
}

TEST_CASE("a client that waits for a descriptor costs no CPU and is served once there is one") {
  TestServer server;
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(server.port());
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{3, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const int connected =
      ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const std::clock_t began = std::clock();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const std::clock_t used = std::clock() - began;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(connected == 0);
  CHECK(used < CLOCKS_PER_SEC / 10);
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  REQUIRE(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) > 0);
  std::array<char, 15> answer{};
  CHECK(::recv(client.get(), answer.data(), 12, MSG_WAITALL) == 12);
  CHECK(std::string_view(answer.data()) == "HTTP/1.1 200");
}

TEST_CASE("HEAD is GET without the body") {
  TestServer server;
  HttpClient client(server.url());
  auto reply = client.request("HEAD", "/metrics");
  CHECK(reply.status == 200);
  CHECK(reply.body.empty());
  CHECK(reply.headers["content-length"] == "12");
  CHECK(client.get("/metrics").body == "docker_up 1\n");
}

TEST_CASE("gzip is used on request and decompresses to the same body") {
  TestServer server;
  server.body.clear();
  for (int i = 0; i < 1000; ++i) server.body += "docker_volume_containers 4096\n";
  HttpClient client(server.url());
  auto reply = client.get("/metrics", {"Accept-Encoding: gzip"});
  CHECK(reply.headers["content-encoding"] == "gzip");
  CHECK(reply.headers["vary"] == "Accept, Accept-Encoding");
  CHECK(reply.headers["content-length"] == std::to_string(reply.body.size()));
  CHECK(unpacked(reply.body) == server.body);
  CHECK(client.get("/metrics").body == server.body);
}

TEST_CASE("the query reaches the routes as it was sent") {
  TestServer server;
  HttpClient client(server.url());
  CHECK(client.get("/metrics?collect%5B%5D=volumes").status == 200);
  CHECK(client.get("/metrics?collect[]=nonsense").body == "unknown collector \"nonsense\".\n");
  CHECK(client.get("/metrics?collect[]=volumes&exclude[]=volumes").status == 400);
}

TEST_CASE("only exact paths are served") {
  TestServer server;
  HttpClient client(server.url());
  for (const std::string path : {"/metrics/foo", "/metricsfoo", "/%6Detrics", "/../etc/passwd"}) {
    CHECK(client.get(path).status == 404);
  }
  CHECK(client.get("/").body == "<html></html>");
  CHECK(client.get("/-/healthy").body == "Volumeter is healthy.\n");
  CHECK(client.get("/-/ready").status == 200);
}

TEST_CASE("methods other than GET and HEAD are refused, with or without a body") {
  TestServer server;
  HttpClient client(server.url());
  auto reply = client.request("POST", "/metrics", {}, std::string(100000, 'x'));
  CHECK(reply.status == 405);
  CHECK(reply.headers["allow"] == "GET, HEAD");
  CHECK(client.request("GET", "/metrics", {"Transfer-Encoding: chunked"}, "x").status == 200);
  CHECK(client.request("DELETE", "/metrics").status == 405);
  CHECK(client.get("/metrics").status == 200);
  CHECK(server.scrapes == 2);
}

TEST_CASE("an empty host listens on IPv6 and IPv4") {
  TestServer server(0, {{"", 0}});
  CHECK(HttpClient(server.url("127.0.0.1")).get("/metrics").status == 200);
  if (kernel_has_ipv6()) {
    CHECK(HttpClient(server.url("[::1]")).get("/metrics").status == 200);
  }
}

TEST_CASE("a server listens on several addresses") {
  TestServer server(0, {{"127.0.0.1", 0}, {"localhost", 0}});
  REQUIRE(server.server->ports().size() == 2);
  CHECK(server.port(0) != server.port(1));
  CHECK(HttpClient(server.url("127.0.0.1", 0)).get("/metrics").status == 200);
  CHECK(HttpClient(server.url("127.0.0.1", 1)).get("/metrics").status == 200);
}

TEST_CASE("a port in use is named with the reason, and released by the destructor") {
  TestServer first(0, {{"127.0.0.1", 0}});
  const ListenAddress taken{"127.0.0.1", first.port()};
  // The free address comes first and must be released, too.
  const auto second = start_server({{"127.0.0.1", 0}, taken}, first.service);
  REQUIRE_FALSE(second);
  CHECK(second.error().text() == "cannot listen on " + taken.text() + ": address already in use");

  first.server.reset();
  CHECK(start_server({taken}, first.service));
}

TEST_CASE("a host that does not exist is named with the reason") {
  TestServer other;
  const auto server = start_server({{"no-such-host.invalid", 0}}, other.service);
  REQUIRE_FALSE(server);
  CHECK(server.error().text().starts_with("cannot listen on no-such-host.invalid:0: "));
  CHECK_FALSE(start_server({{"192.0.2.1", 0}}, other.service));
}

TEST_CASE("concurrent scrapes are served") {
  TestServer server;
  server.body = std::string(200000, 'x');
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> clients;
    for (int c = 0; c < 8; ++c) {
      clients.emplace_back([&] {
        HttpClient client(server.url());
        for (int i = 0; i < 25; ++i) {
          const bool gzip = i % 2 == 0;
          const auto reply =
              client.get("/metrics", {gzip ? "Accept-Encoding: gzip" : "Accept: */*"});
          good += reply.status == 200 && (gzip || reply.body.size() == 200000);
        }
      });
    }
  }
  CHECK(good == 8 * 25);
  CHECK(server.scrapes == 8 * 25);
}

}  // namespace volumeter::server_test
