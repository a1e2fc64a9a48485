// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/diskstats.h"

#include <catch2/catch.hpp>

namespace volumeter::diskstats_test {
namespace {

constexpr std::string_view kLine =
    " 259       2 nvme0n1p2 4912 1287 309530 2131 10933 9841 530648 12005 3 8764 16403"
    " 21 4 81920 77 813 2266\n";

TEST_CASE("a line of Linux 5.5 has reads, writes, discards and flushes in bytes and seconds") {
  const auto parsed = parse_diskstats(kLine);
  REQUIRE(parsed.items.size() == 1);
  CHECK(parsed.bad == 0);
  const DiskStats& disk = parsed.items.front();
  CHECK(disk.number == DeviceNumber{259, 2});
  CHECK(disk.name == "nvme0n1p2");
  CHECK(disk.reads.completed == 4912);
  CHECK(disk.reads.merged == 1287);
  CHECK(disk.reads.bytes == 309530ULL * 512);
  CHECK(disk.reads.seconds == Approx(2.131));
  CHECK(disk.writes.completed == 10933);
  CHECK(disk.writes.merged == 9841);
  CHECK(disk.writes.bytes == 530648ULL * 512);
  CHECK(disk.writes.seconds == Approx(12.005));
  CHECK(disk.in_flight == 3);
  CHECK(disk.busy_seconds == Approx(8.764));
  CHECK(disk.weighted_seconds == Approx(16.403));
  REQUIRE(disk.discards);
  CHECK(disk.discards->completed == 21);
  CHECK(disk.discards->merged == 4);
  CHECK(disk.discards->bytes == 81920ULL * 512);
  CHECK(disk.discards->seconds == Approx(0.077));
  REQUIRE(disk.flushes);
  CHECK(disk.flushes->completed == 813);
  CHECK(disk.flushes->seconds == Approx(2.266));
}

TEST_CASE("fields missing in older kernels are absent") {
  const auto parsed = parse_diskstats(
      "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n"
      "8 16 sdb 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n");
  REQUIRE(parsed.items.size() == 2);
  CHECK(parsed.items[0].weighted_seconds == Approx(0.011));
  CHECK_FALSE(parsed.items[0].discards);
  CHECK_FALSE(parsed.items[0].flushes);
  CHECK(parsed.items[1].discards->completed == 12);
  CHECK_FALSE(parsed.items[1].flushes);
}

TEST_CASE("additional fields of later kernels are ignored") {
  const auto parsed = parse_diskstats("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19\n");
  REQUIRE(parsed.items.size() == 1);
  CHECK(parsed.items[0].flushes->seconds == Approx(0.017));
}

TEST_CASE("a device may have any name") {
  for (const std::string name :
       {"sda",     "nvme0n1p2", "nvme0c0n1", "mmcblk0p1",  "mmcblk0boot0", "md127",
        "md_d0p1", "dm-3",      "vda1",      "xvda",       "nbd0",         "bcache0",
        "zd16",    "rbd0p1",    "drbd10",    "cciss/c0d0", "sr0",          "mtdblock0",
        "pmem0s",  "ublkb0",    "fio-a",     "loop7",      "zram0"}) {
    CAPTURE(name);
    const auto parsed = parse_diskstats("7 1 " + name + " 1 0 8 0 0 0 0 0 0 0 0\n");
    REQUIRE(parsed.items.size() == 1);
    CHECK(parsed.items[0].name == name);
  }
}

TEST_CASE("the largest values of the kernel are parsed") {
  const auto parsed =
      parse_diskstats("4095 1048575 sdx 4294967295 0 8589934592 4294967295 1 0 0 0 0 0 0\n");
  REQUIRE(parsed.items.size() == 1);
  CHECK(parsed.items[0].reads.bytes == 8589934592ULL * 512);
  CHECK(parsed.items[0].reads.seconds == Approx(4294967.295));
}

TEST_CASE("a malformed line is rejected alone") {
  const char* const bad[] = {
      "garbage",
      "8 0",
      "8 0 sda",
      "8 0 sda 1 2 3 4 5 6 7 8 9 10",                         // truncated
      "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12",                   // between two lengths
      "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",       // the same
      "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 x",  // in an ignored field
      "8 0 sda -1 2 3 4 5 6 7 8 9 10 11",
      "8 0 sda 1 2 3 4 5 6 7 8 18446744073709551616 10 11",
      "x 0 sda 1 2 3 4 5 6 7 8 9 10 11",
      "8 -1 sda 1 2 3 4 5 6 7 8 9 10 11",
      "8 0 a name 1 2 3 4 5 6 7 8 9 10 11",
  };
  for (const std::string line : bad) {
    CAPTURE(line);
    const auto parsed = parse_diskstats(line + "\n" + std::string(kLine));
    CHECK(parsed.bad == 1);
    CHECK(parsed.first_bad == line);
    REQUIRE(parsed.items.size() == 1);
    CHECK(parsed.items[0].name == "nvme0n1p2");
  }
}

TEST_CASE("empty text and blank lines are neither devices nor errors") {
  CHECK(parse_diskstats("").items.empty());
  CHECK(parse_diskstats("\n \n").bad == 0);
}

TEST_CASE("has_worked() is true after any kind of request") {
  const auto has_worked = [](const std::string& numbers) {
    return parse_diskstats("7 0 loop0 " + numbers).items.at(0).has_worked();
  };
  CHECK_FALSE(has_worked("0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"));
  CHECK(has_worked("1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"));
  CHECK(has_worked("0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0"));
  CHECK(has_worked("0 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0 0"));  // the first request, in flight
  CHECK(has_worked("0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0 0"));
  CHECK(has_worked("0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0"));
}

TEST_CASE("a device is found by its number, and by its name if several share the number") {
  const DiskList list(parse_diskstats("259 0 nvme0n1 2 0 0 0 0 0 0 0 0 0 0\n"
                                      "0 0 nvme0c1n1 4 0 0 0 0 0 0 0 0 0 0\n"
                                      "0 0 nvme0c0n1 3 0 0 0 0 0 0 0 0 0 0\n"
                                      "8 1 sda1 1 0 0 0 0 0 0 0 0 0 0\n")
                          .items);
  REQUIRE(list.disks().size() == 4);
  REQUIRE(list.find({259, 0}) != nullptr);
  CHECK(list.find({259, 0})->reads.completed == 2);
  CHECK(list.find({8, 1})->name == "sda1");
  CHECK(list.find({8, 0}) == nullptr);
  CHECK(list.find({300, 0}) == nullptr);
  CHECK(list.find({0, 0})->name == "nvme0c0n1");
  CHECK(list.find({0, 0}, "nvme0c1n1")->reads.completed == 4);
  CHECK(list.find({0, 0}, "sda1") == nullptr);
  CHECK(list.find({8, 1}, "sdb1") == nullptr);
  CHECK(list.find({300, 0}, "sda1") == nullptr);
  CHECK(DiskList().find({8, 1}) == nullptr);
}

}  // namespace
}  // namespace volumeter::diskstats_test
