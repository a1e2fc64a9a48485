// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/scan_protocol.h"

#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>

#include "exporter/base/unique_fd.h"

namespace volumeter::scan_protocol_test {
namespace {

using namespace std::chrono_literals;

struct Sockets {
  UniqueFd agent;
  UniqueFd worker;

  Sockets() {
    std::array<int, 2> fds{-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) == 0);
    agent = UniqueFd(fds[0]);
    worker = UniqueFd(fds[1]);
  }
};

DirectoryHandle handle(std::uint8_t first) { return {.type = 1, .size = 8, .bytes = {first}}; }

TEST_CASE("an order arrives as it was sent") {
  const Sockets sockets;
  ScanOrder order;
  order.kind = ScanOrder::Kind::kLookAgain;
  order.place.root = "/proc/1/root";
  order.place.path = "/data";
  order.own_filesystem = true;
  order.want_records = true;
  order.threads = 3;
  order.directories = {handle(1), handle(2)};
  const auto packet = to_packet(order);
  REQUIRE(packet);
  REQUIRE(send_order(sockets.agent.get(), *packet, {.cpu = 5ms, .wall = 7ms}) == 0);
  const auto granted = receive_order(sockets.worker.get());
  REQUIRE(granted);
  CHECK(granted->grant.cpu == 5ms);
  CHECK(granted->grant.wall == 7ms);
  const ScanOrder* got = &granted->order;
  CHECK(got->kind == order.kind);
  CHECK(got->place.root == order.place.root);
  CHECK(got->place.path == order.place.path);
  CHECK(got->own_filesystem);
  CHECK(got->want_records);
  CHECK(got->threads == 3);
  CHECK(got->directories == order.directories);
}

TEST_CASE("what does not fit into a packet is refused") {
  ScanOrder order;
  order.place.path = std::string(5000, 'x');
  CHECK_FALSE(to_packet(order));
  order.place.path = "/";
  order.directories.resize(ScanOrder::kMaxDirectories + 1);
  CHECK_FALSE(to_packet(order));
}

TEST_CASE("grants and reports arrive as they were sent, in their order") {
  const Sockets sockets;
  REQUIRE(send_grant(sockets.agent.get(), {.cpu = 5ms, .wall = 7ms}) == 0);
  const auto grant = receive_grant(sockets.worker.get());
  REQUIRE(grant);
  CHECK(grant->cpu == 5ms);
  CHECK(grant->wall == 7ms);

  std::vector<TreeRecord> records(kRecordsPerPacket);
  records.back().handle = handle(9);
  REQUIRE(send_records(sockets.worker.get(), records) == 0);
  REQUIRE(send_pause(sockets.worker.get(), 11, 3ms) == 0);
  SpaceUsage space;
  space.inodes = 4;
  REQUIRE(send_done(sockets.worker.get(), 12, 4ms, space) == 0);
  REQUIRE(send_done(sockets.worker.get(), 0, 0ms, Error{ErrorKind::kPermission, "/data", "no"}) ==
          0);

  const auto first = receive_report(sockets.agent.get());
  REQUIRE(first);
  CHECK(first->kind == ScanReport::Kind::kRecords);
  CHECK(first->records.size() == kRecordsPerPacket);
  CHECK(first->records.back().handle == handle(9));
  const auto second = receive_report(sockets.agent.get());
  REQUIRE(second);
  CHECK(second->kind == ScanReport::Kind::kPaused);
  CHECK(second->entries == 11);
  CHECK(second->cpu == 3ms);
  CHECK(receive_report(sockets.agent.get())->outcome->inodes == 4U);
  const auto failed = receive_report(sockets.agent.get());
  REQUIRE(failed);
  CHECK(failed->outcome.error().kind == ErrorKind::kPermission);
  CHECK(failed->outcome.error().text() == "/data: no");
}

TEST_CASE("no report yet is no end, an end is") {
  Sockets sockets;
  CHECK(receive_report(sockets.agent.get()).error().kind == ErrorKind::kTimeout);
  sockets.worker.reset();
  CHECK(receive_report(sockets.agent.get()).error().kind == ErrorKind::kIo);
  sockets.agent.reset();
  CHECK_FALSE(receive_order(sockets.worker.get()));
}

TEST_CASE("nonsense is an end") {
  const Sockets sockets;
  REQUIRE(::send(sockets.worker.get(), "x", 1, 0) == 1);
  CHECK(receive_report(sockets.agent.get()).error().kind == ErrorKind::kIo);
  REQUIRE(::send(sockets.agent.get(), "x", 1, 0) == 1);
  CHECK_FALSE(receive_order(sockets.worker.get()));
}

}  // namespace
}  // namespace volumeter::scan_protocol_test
