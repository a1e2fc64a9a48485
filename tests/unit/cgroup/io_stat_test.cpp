// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/cgroup/io_stat.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::io_stat_test {
namespace {

const DeviceIo kSda{{8, 0}, 8950, 1252, 90430464, 299008000, {}};
const DeviceIo kSdb{{8, 16}, 192, 353, 1459200, 314773504, {}};
const std::string kSdaLine =
    "8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=50331648 dios=3021\n";
const std::string kSdbLine =
    "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n";

void check(const std::string& text, const std::vector<DeviceIo>& devices, std::size_t bad = 0) {
  CAPTURE(text);
  const auto parsed = parse_io_stat(text);
  CHECK(parsed.items == devices);
  CHECK(parsed.bad == bad);
}

TEST_CASE("the devices of io.stat are sorted by number") {
  check(kSdbLine + kSdaLine, {kSda, kSdb});
  check("", {});
}

TEST_CASE("fields of iocost and iolatency in io.stat are ignored") {
  check(
      "8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=0 dios=0 use_delay=3 "
      "delay_nsec=100 depth=max avg_lat=12 win=100 cost.vrate=100.00 cost.usage=77 "
      "cost.wait=1\n",
      {kSda});
  check("8:16 cost.usage=0\n", {{{8, 16}, 0, 0, 0, 0, {}}});
}

TEST_CASE("a device without values had no I/O; its line continues with the next device") {
  check("8:16 " + kSdaLine, {kSda, {{8, 16}, 0, 0, 0, 0, {}}});
  check("7:0 7:1 8:16 " + kSdaLine,
        {{{7, 0}, 0, 0, 0, 0, {}}, {{7, 1}, 0, 0, 0, 0, {}}, kSda, {{8, 16}, 0, 0, 0, 0, {}}});
}

TEST_CASE("a device without values may have its own line") {
  check("8:16 \n" + kSdaLine, {kSda, {{8, 16}, 0, 0, 0, 0, {}}});
}

TEST_CASE("a device without values at the end may be truncated and is left out") {
  check(kSdaLine + "8:16 ", {kSda});
  check(kSdaLine + "8:1", {kSda});
}

TEST_CASE("a disk without a number is left out") {
  check("(unknown) rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n" + kSdaLine, {kSda});
  check("(unknown) " + kSdaLine, {kSda});
}

TEST_CASE("a truncated first line is rejected alone") {
  check("ytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n" + kSdaLine, {kSda}, 1);
  check("16 rbytes=1459200 wbytes=314773504 rios=192 wios=353\n" + kSdaLine, {kSda}, 1);
  check(" rios=192 wios=353 dbytes=0 dios=0\n" + kSdaLine, {kSda}, 1);
}

TEST_CASE("a truncated last line is rejected, because its last number may lack digits") {
  for (std::size_t length = 12; length < kSdbLine.size(); ++length) {
    check(kSdaLine + kSdbLine.substr(0, length), {kSda}, 1);
  }
}

TEST_CASE("malformed, missing and duplicate values reject only their device") {
  for (const char* bad :
       {"8:16 rbytes=-1 wbytes=2 rios=3 wios=4\n", "8:16 rbytes=1e3 wbytes=2 rios=3 wios=4\n",
        "8:16 rbytes=99999999999999999999 wbytes=2 rios=3 wios=4\n",
        "8:16 rbytes= wbytes=2 rios=3 wios=4\n", "8:16 rbytes=1\n",
        "8:16 rbytes=1 wbytes=2 rios=3 wios=4 rbytes=5\n", "8: rbytes=1\n",
        "8:x rbytes=1 wbytes=2 rios=3 wios=4\n", "99999999999:1 rbytes=1 wbytes=2 rios=3 wios=4\n",
        "garbage\n"}) {
    check(bad + kSdaLine, {kSda}, 1);
  }
}

TEST_CASE("a duplicate device is rejected") {
  check(kSdaLine + "8:0 rbytes=1 wbytes=2 rios=3 wios=4\n" + kSdbLine, {kSda, kSdb}, 1);
}

TEST_CASE("arbitrary bytes are accepted") {
  check(std::string("\0\xff=\n= = =\nx 8:\n", 15) + kSdaLine, {kSda}, 3);
}

}  // namespace
}  // namespace volumeter::io_stat_test
