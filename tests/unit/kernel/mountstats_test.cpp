// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/mountstats.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::mountstats_test {
namespace {

// From Linux 6.1, shortened.
constexpr std::string_view kSharedV3 =
    "device proc mounted on /proc with fstype proc\n"
    "device 10.0.0.5:/srv/models mounted on /data with fstype nfs statvers=1.1\n"
    "\topts:\trw,vers=3,rsize=262144,wsize=262144,namlen=255,hard,nolock,proto=tcp,sec=sys\n"
    "\tage:\t5\n"
    "\tcaps:\tcaps=0xf,wtmult=4096,dtsize=262144,bsize=0,namlen=255\n"
    "\tsec:\tflavor=1,pseudoflavor=1\n"
    "\tevents:\t1 2 0 0 2 1 6 1244 0 0 0 1 0 0 4 1 0 2 0 0 1244 0 0 0 0 0 0 \n"
    "\tbytes:\t11 1001000 1007616 22 1001000 1001022 3 245 \n"
    "\tRPC iostats version: 1.1  p/v: 100003/3 (nfs)\n"
    "\txprt:\ttcp 828 1 2 0 2 282 282 0 288 0 4 0 6\n"
    "\tper-op statistics\n"
    "\t        NULL: 1 1 0 44 24 9 0 10 0\n"
    "\t     GETATTR: 5 5 0 460 560 0 1 2 0\n"
    "\t     SETATTR: 0 0 0 0 0 0 0 0 0\n"
    "\t      LOOKUP: 1 1 0 100 116 0 0 0 1\n"
    "\t        READ: 246 249 2 25584 1032488 8000 65 80 0\n"
    "\t       WRITE: 0 0 0 0 0 0 0 0 0\n"
    "\t      COMMIT: 1 1 0 104 128 0 34 35 0\n"
    "\n";

Parsed<NfsStats> parsed(std::string_view text) { return parse_mountstats(text); }

NfsStats only(std::string_view text) {
  const auto all = parsed(text);
  INFO(text);
  REQUIRE(all.bad == 0);
  REQUIRE(all.items.size() == 1);
  return all.items.front();
}

// A mount with these lines.
std::string mount_with(const std::string& lines) {
  return "device s:/e mounted on /m with fstype nfs4 statvers=1.1\n" + lines;
}

std::string operations(const std::string& lines) {
  return mount_with("\tper-op statistics\n" + lines);
}

}  // namespace

TEST_CASE("all byte counters of an NFS mount are parsed") {
  const NfsStats stats = only(kSharedV3);
  CHECK(stats.source == "10.0.0.5:/srv/models");
  CHECK(stats.mount_point == "/data");
  REQUIRE(stats.bytes);
  CHECK(stats.bytes->normal_read == 11);
  CHECK(stats.bytes->normal_written == 1001000);
  CHECK(stats.bytes->direct_read == 1007616);
  CHECK(stats.bytes->direct_written == 22);
  CHECK(stats.bytes->server_read == 1001000);
  CHECK(stats.bytes->server_written == 1001022);
}

TEST_CASE("all fields of an NFS operation are parsed, times in seconds") {
  const NfsStats stats = only(kSharedV3);
  const NfsOperation* read = stats.operation("READ");
  REQUIRE(read != nullptr);
  CHECK(read->completed == 246);
  CHECK(read->transmissions == 249);
  CHECK(read->timeouts == 2);
  CHECK(read->sent_bytes == 25584);
  CHECK(read->received_bytes == 1032488);
  CHECK(read->queue_seconds == 8);
  CHECK(read->response_seconds == 0.065);
  CHECK(read->execution_seconds == 0.080);
  CHECK(read->errors == 0);
  CHECK(stats.operation("LOOKUP")->errors == 1);
}

TEST_CASE("operations without requests are left out, except READ, WRITE and COMMIT") {
  const NfsStats stats = only(kSharedV3);
  CHECK(stats.operation("SETATTR") == nullptr);
  REQUIRE(stats.operation("WRITE") != nullptr);
  CHECK(stats.operation("WRITE")->completed == 0);
}

TEST_CASE("requests of the client as a whole are left out") {
  for (const std::string name : {"NULL", "EXCHANGE_ID", "CREATE_SESSION", "SEQUENCE", "RENEW",
                                 "SETCLIENTID", "RECLAIM_COMPLETE", "GET_LEASE_TIME"}) {
    CAPTURE(name);
    CHECK(only(operations("\t" + name + ": 1 1 0 44 24 9 0 10 0\n")).operations.empty());
  }
}

TEST_CASE("errors are absent before Linux 5.3") {
  const NfsStats stats = only(operations("\t        READ: 2 2 0 288 400 0 3 4\n"));
  REQUIRE(stats.operation("READ") != nullptr);
  CHECK(stats.operation("READ")->execution_seconds == 0.004);
  CHECK_FALSE(stats.operation("READ")->errors);
}

TEST_CASE("additional numbers of newer kernels are ignored") {
  const NfsStats stats =
      only(mount_with("\tevents:\t1 2\n\tbytes:\t1 2 3 4 5 6 7 8 9 10\n\tnews:\twho knows\n"
                      "\tper-op statistics\n\tREAD: 1 2 3 4 5 6 7 8 9 10 what\n"));
  CHECK(stats.bytes->server_written == 6);
  CHECK(stats.operation("READ")->errors == 9);
}

TEST_CASE("a truncated line of an NFS mount is rejected alone") {
  const auto all =
      parsed(mount_with("\tbytes:\t1 2 3 4 5\n"
                        "\tper-op statistics\n"
                        "\t        READ: 1 2 3 4 5 6 7\n"
                        "\t       WRITE 1 2 3 4 5 6 7 8\n"
                        "\t        OPEN: 1 2 3 4 5 6 7 8 x\n"
                        "\t       CLOSE: 1 2 3 4 -5 6 7 8\n"
                        "\t      COMMIT: 1 2 3 4 5 6 7 8\n"));
  CHECK(all.bad == 5);
  CHECK(all.first_bad == "\tbytes:\t1 2 3 4 5");
  REQUIRE(all.items.size() == 1);
  CHECK_FALSE(all.items.front().bytes);
  CHECK(all.items.front().operations.size() == 1);
  CHECK(all.items.front().operation("COMMIT") != nullptr);
}

TEST_CASE("statvers 1.0 and 1.1 are parsed, a mount with another one is rejected") {
  const std::string lines = "\tbytes:\t1 2 3 4 5 6 7 8\n";
  const std::string head = "device s:/e mounted on /m with fstype nfs statvers=";
  CHECK(only(head + "1.0\n" + lines).bytes);
  CHECK(only(head + "1.1\n" + lines).bytes);
  for (const std::string version : {"2.0", "1.10", ""}) {
    CAPTURE(version);
    const auto all = parsed(head + version + "\n" + lines);
    CHECK(all.bad == 1);
    CHECK(all.items.empty());
  }
}

TEST_CASE("escapes in the names of an NFS mount are decoded") {
  const NfsStats stats = only(
      R"(device 10.0.0.5:/my\040export mounted on /mnt/a\040b\011c with fstype nfs4 statvers=1.1)");
  CHECK(stats.source == "10.0.0.5:/my export");
  CHECK(stats.mount_point == "/mnt/a b\tc");
}

TEST_CASE("other filesystems, mounts without a device and empty sources are skipped") {
  const auto all = parsed(
      "no device mounted on /none with fstype tmpfs\n"
      "device  mounted on /empty with fstype tmpfs\n"
      "device nfsd mounted on /proc/fs/nfsd with fstype nfsd\n"
      "device /dev/sda1 mounted on / with fstype ext4\n"
      "\tbytes:\tnot of NFS\n");
  CHECK(all.items.empty());
  CHECK(all.bad == 0);
}

TEST_CASE("each mount has its own counters, even after a truncated one") {
  const auto all = parsed(
      "device s:/a mounted on /a with fstype nfs statvers=1.1\n"
      "\tbytes:\t1 0 0 0 0 0 0 0\n"
      "\tper-op statistics\n"
      "device s:/b mounted on /b with fstype nfs4 statvers=1.1\n"
      "\tbytes:\t2 0 0 0 0 0 0 0\n"
      "device proc mounted on /proc with fstype proc\n"
      "\tbytes:\t3 0 0 0 0 0 0 0\n");
  REQUIRE(all.items.size() == 2);
  CHECK(all.bad == 0);
  CHECK(all.items[0].bytes->normal_read == 1);
  CHECK(all.items[1].bytes->normal_read == 2);
}

TEST_CASE("transport lines are not taken for operations") {
  for (const std::string transport :
       {"udp 828 0 10 10 0 10 0", "tcp 0 0 2 0 2 27 27 0 27 0 2 0 0",
        "rdma 0 0 1 1 60 14 14 0 14 0 0 0 0 0 0 0 0 0 0 0 0 0 0", "local 0 0 1 0 0 1 1 0 1 0"}) {
    const auto all = parsed(mount_with("\txprt:\t" + transport + "\n\txprt:\t" + transport +
                                       "\n\tper-op statistics\n\tREAD: 1 1 0 4 5 6 7 8 0\n"));
    CAPTURE(transport);
    CHECK(all.bad == 0);
    CHECK(all.items.front().operations.size() == 1);
  }
}

TEST_CASE("duplicate operations and invalid names are rejected") {
  const auto all =
      parsed(operations("\tREAD: 1 1 0 4 5 6 7 8 0\n\tREAD: 2 2 0 4 5 6 7 8 0\n"
                        "\tre ad: 1 1 0 4 5 6 7 8 0\n\t: 1 1 0 4 5 6 7 8 0\n"
                        "\t          71: 1 1 0 4 5 6 7 8 0\n"));
  CHECK(all.bad == 3);
  REQUIRE(all.items.front().operations.size() == 2);
  CHECK(all.items.front().operations[0].completed == 1);
  CHECK(all.items.front().operations[1].name == "71");
}

}  // namespace volumeter::mountstats_test
