// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/transport.h"

#include <sys/socket.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "tests/support/fake_docker.h"

namespace volumeter::docker::transport_test {
namespace {

using namespace std::chrono_literals;
using test::FakeDocker;
using Peer = FakeDocker::Peer;

Endpoint endpoint_of(const std::string& host) {
  const auto endpoint = parse_endpoint(host, {});
  REQUIRE(endpoint);
  return *endpoint;
}

Limits quick() {
  Limits limits;
  limits.total = 200ms;
  return limits;
}

// The result of a GET from a server that sends `bytes` and closes.
Result<HttpReply> get_from(const std::string& bytes, Limits limits = {}) {
  FakeDocker server([&](Peer& peer, const std::string&) {
    peer.send(bytes);
    peer.close();
  });
  Transport transport(endpoint_of(server.host()), limits);
  return transport.get("/x", {});
}

ErrorKind kind_from(const std::string& bytes, Limits limits = {}) {
  const auto reply = get_from(bytes, limits);
  INFO(bytes.substr(0, 60));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().where.starts_with("GET /x of unix:///tmp/"));
  return reply.error().kind;
}

std::chrono::milliseconds since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               began);
}

}  // namespace

TEST_CASE("get() keeps of a list what is read of it, and all of an error") {
  const std::string text = R"([{"Id":"a","Ports":[1,2,3],"State":"running"}])";
  for (const bool is_granted : {true, false}) {
    FakeDocker server([&](Peer& peer, const std::string&) {
      peer.send("HTTP/1.1 " + std::string(is_granted ? "200 OK" : "500 No") +
                "\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
    });
    Transport transport(endpoint_of(server.host()));
    const auto reply = transport.get("/v1.41/containers/json?all=1", {});
    REQUIRE(reply);
    CHECK(reply->body == (is_granted ? R"([{"Id":"a","State":"running"}])" : text));
  }
}

TEST_CASE("get() returns status, body and the headers that identify the engine") {
  const auto docker = get_from(FakeDocker::answer("OK"));
  REQUIRE(docker);
  CHECK(docker->status == 200);
  CHECK(docker->body == "OK");
  CHECK(docker->api_version == "1.41");
  CHECK_FALSE(docker->podman);
  const auto podman = get_from(FakeDocker::answer("", 503, "libpod-api-version: 4.3.1\r\n"));
  REQUIRE(podman);
  CHECK(podman->status == 503);
  CHECK(podman->api_version.empty());
  CHECK(podman->podman);
}

TEST_CASE("only GET is sent, and the connection is reused") {
  FakeDocker server(
      [](Peer& peer, const std::string& target) { peer.send(FakeDocker::answer(target)); });
  Transport transport(endpoint_of(server.host()));
  for (const auto target : {"/a", "/b?all=1", "/c"}) {
    CHECK(transport.get(target, {})->body == target);
  }
  CHECK(server.connections() == 1);
  CHECK(server.request_lines() ==
        std::vector<std::string>{"GET /a HTTP/1.1", "GET /b?all=1 HTTP/1.1", "GET /c HTTP/1.1"});
}

TEST_CASE("after the server closed an idle connection a new one is opened") {
  FakeDocker server([](Peer& peer, const std::string&) {
    peer.send(FakeDocker::answer("OK"));
    peer.close();
  });
  Transport transport(endpoint_of(server.host()));
  CHECK(transport.get("/a", {}));
  CHECK(transport.get("/b", {}));
  CHECK(server.connections() == 2);
}

TEST_CASE("a slow chunked response is assembled") {
  FakeDocker server([](Peer& peer, const std::string&) {
    peer.send_slowly("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                         FakeDocker::chunk("{\"Vol") + FakeDocker::chunk("umes\":[]}") +
                         FakeDocker::chunk(""),
                     1ms);
  });
  Transport transport(endpoint_of(server.host()));
  const auto reply = transport.get("/x", {});
  REQUIRE(reply);
  CHECK(reply->body == "{\"Volumes\":[]}");
}

TEST_CASE("a redirect is returned and not followed") {
  const auto reply = get_from(FakeDocker::answer("", 301, "Location: http://127.0.0.1:1/\r\n"));
  REQUIRE(reply);
  CHECK(reply->status == 301);
}

TEST_CASE("a refused connection is kNotFound") {
  Transport nowhere(endpoint_of("unix:///nonexistent/docker.sock"));
  const auto missing = nowhere.get("/_ping", {});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::kNotFound);
  CHECK(missing.error().where == "GET /_ping of unix:///nonexistent/docker.sock");

  Transport not_a_socket(endpoint_of("unix:///etc/passwd"));
  CHECK(not_a_socket.get("/_ping", {}).error().kind == ErrorKind::kNotFound);

  Transport closed_port(endpoint_of("tcp://127.0.0.1:1"));
  CHECK(closed_port.get("/_ping", {}).error().kind == ErrorKind::kNotFound);
}

TEST_CASE("a response that is not HTTP is malformed") {
  CHECK(kind_from("SSH-2.0-OpenSSH_9.2\r\n") == ErrorKind::kMalformed);
  CHECK(kind_from("HTTP/9.9 abc\r\n\r\n") == ErrorKind::kMalformed);
  CHECK(kind_from(std::string(100'000, 'x')) == ErrorKind::kMalformed);
}

TEST_CASE("a truncated response is an error") {
  CHECK(kind_from("") == ErrorKind::kIo);
  CHECK(kind_from("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Volumes\"") == ErrorKind::kIo);
  CHECK(kind_from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab") ==
        ErrorKind::kIo);
}

TEST_CASE("a body above the limit is malformed, with and without Content-Length") {
  Limits limits;
  limits.body_bytes = 1000;
  const std::string long_body(1001, 'x');
  CHECK(kind_from(FakeDocker::answer(long_body), limits) == ErrorKind::kMalformed);
  CHECK(kind_from("HTTP/1.1 200 OK\r\n\r\n" + long_body, limits) == ErrorKind::kMalformed);
  CHECK(get_from(FakeDocker::answer(std::string(1000, 'x')), limits)->body.size() == 1000);
}

TEST_CASE("headers above the limit are malformed") {
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 5000; ++i) headers += "X-Header: 0123456789\r\n";
  CHECK(kind_from(headers + "\r\n") == ErrorKind::kMalformed);
}

TEST_CASE("a silent or very slow server ends in a timeout") {
  for (const bool silent : {true, false}) {
    FakeDocker server([&](Peer& peer, const std::string&) {
      if (silent) return peer.hang();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
      peer.send_slowly(std::string(1000, 'x'), 5ms);
      peer.close();
    });
    Transport transport(endpoint_of(server.host()), quick());
    const auto reply = transport.get("/x", {});
    REQUIRE_FALSE(reply);
    CHECK(reply.error().kind == ErrorKind::kTimeout);
  }
}

TEST_CASE("a stop ends a waiting get()") {
  FakeDocker server([](Peer& peer, const std::string&) { peer.hang(); });
  Transport transport(endpoint_of(server.host()));
  std::stop_source source;
  std::jthread stopper([&] {
    while (server.request_lines().empty()) std::this_thread::sleep_for(1ms);
    source.request_stop();
  });
  const auto began = std::chrono::steady_clock::now();
  CHECK_FALSE(transport.get("/x", source.get_token()));
  CHECK(since(began) < 2s);                              // the limit is ten seconds
  CHECK_FALSE(transport.get("/x", source.get_token()));  // a later one does not begin
}

TEST_CASE("a stream passes an empty piece first, then the data until the end") {
  FakeDocker server([](Peer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.send(FakeDocker::chunk("one\n") + FakeDocker::chunk("two\n") + FakeDocker::chunk(""));
  });
  Transport transport(endpoint_of(server.host()));
  std::vector<std::string> pieces;
  std::string all;
  const auto ended = transport.stream("/events",
                                      [&](std::string_view piece) {
                                        pieces.emplace_back(piece);
                                        all += piece;
                                        return true;
                                      },
                                      {});
  CHECK(ended);
  REQUIRE(pieces.size() >= 2);
  CHECK(pieces.front().empty());
  CHECK(all == "one\ntwo\n");
}

TEST_CASE("a refused stream is an error with the engine's message") {
  FakeDocker server([](Peer& peer, const std::string&) {
    peer.send(FakeDocker::answer(R"({"message":"not for you"})", 403));
  });
  Transport transport(endpoint_of(server.host()));
  const auto ended =
      transport.stream("/v1.41/events?filters=x", [](std::string_view) { return true; }, {});
  REQUIRE_FALSE(ended);
  CHECK(ended.error().kind == ErrorKind::kPermission);
  CHECK(ended.error().where == "GET /v1.41/events of " + server.host());
  CHECK(ended.error().what.starts_with("HTTP 403 not for you"));
}

TEST_CASE("a stream ended by its reader is not an error") {
  FakeDocker server([](Peer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\n\r\nendless");
    peer.hang();
  });
  Transport transport(endpoint_of(server.host()));
  CHECK(transport.stream("/events", [](std::string_view piece) { return piece.empty(); }, {}));
}

TEST_CASE("get() works during a silent stream, and a stop ends the stream") {
  FakeDocker server([](Peer& peer, const std::string& target) {
    if (target != "/events") return void(peer.send(FakeDocker::answer("OK")));
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.hang();
  });
  Transport transport(endpoint_of(server.host()), quick());
  std::atomic<bool> opened = false;
  std::atomic<bool> ended_well = false;
  std::jthread streamer([&](std::stop_token stop) {
    ended_well = transport
                     .stream(
                         "/events", [&](std::string_view) { return opened = true; }, stop)
                     .has_value();
  });
  while (!opened) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 10; ++i) CHECK(transport.get("/x", {}));
  std::this_thread::sleep_for(300ms);  // a silent stream has no timeout
  CHECK_FALSE(ended_well);
  const auto began = std::chrono::steady_clock::now();
  streamer.request_stop();
  streamer.join();
  CHECK(ended_well);
  CHECK(since(began) < 1s);
}

}  // namespace volumeter::docker::transport_test
