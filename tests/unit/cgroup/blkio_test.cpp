// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/cgroup/blkio.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::blkio_test {
namespace {

const std::string kSda =
    "8:0 Read 4096\n8:0 Write 512\n8:0 Sync 4608\n8:0 Async 0\n8:0 Discard 7\n8:0 Total 4615\n";

void check(const std::string& text, const std::vector<BlkioCount>& counts, std::size_t bad = 0) {
  CAPTURE(text);
  const auto parsed = parse_blkio(text);
  CHECK(parsed.items == counts);
  CHECK(parsed.bad == bad);
}

TEST_CASE("the rows of a device in a blkio file become one item") {
  check("8:16 Read 1\n8:16 Write 2\n8:16 Total 3\n" + kSda + "Total 4618\n",
        {{{8, 0}, 4096, 512}, {{8, 16}, 1, 2}});
}

TEST_CASE("a blkio file with only a total has no devices") {
  check("Total 0\n", {});
  check("Total 0", {});
  check("", {});
}

TEST_CASE("a truncated row rejects only its device") {
  check("Read 1\n8:16 Write 2\n" + kSda, {{{8, 0}, 4096, 512}}, 2);  // the row and its device
  check(kSda + "8:16 Read 10\n8:16 Write 2", {{{8, 0}, 4096, 512}}, 2);
  check(kSda + "8:16 Read 10\n", {{{8, 0}, 4096, 512}}, 1);
  check(kSda + "8:1", {{{8, 0}, 4096, 512}}, 1);
  check(kSda + "8:16 Read 99999999999999999999\n8:16 Write 2\n", {{{8, 0}, 4096, 512}}, 2);
  check(kSda + "8:16 Read 1 2\n8:16 Write 2\n", {{{8, 0}, 4096, 512}}, 2);
}

TEST_CASE("rows of a disk without a number are skipped") {
  check("(unknown) Read 1\n(unknown) Write 2\n" + kSda + "(unknown) Total 3\nTotal 4611\n",
        {{{8, 0}, 4096, 512}});
}

TEST_CASE("a duplicate device in a blkio file is rejected") {
  check(kSda + "8:16 Read 1\n8:16 Write 2\n8:0 Read 1\n8:0 Write 1\n",
        {{{8, 0}, 4096, 512}, {{8, 16}, 1, 2}}, 1);
}

TEST_CASE("bytes and requests are joined by device") {
  const std::vector<BlkioCount> bytes{{{7, 0}, 1, 1}, {{8, 0}, 4096, 512}, {{8, 16}, 10, 20}};
  const std::vector<BlkioCount> requests{
      {{8, 0}, 2, 1}, {{8, 8}, 9, 9}, {{8, 16}, 3, 4}, {{9, 0}, 1, 1}};
  CHECK(join_blkio(bytes, requests) ==
        std::vector<DeviceIo>{{{8, 0}, 2, 1, 4096, 512, {}}, {{8, 16}, 3, 4, 10, 20, {}}});
  CHECK(join_blkio(bytes, {}).empty());
  CHECK(join_blkio({}, requests).empty());
}

}  // namespace
}  // namespace volumeter::blkio_test
