// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/interface/fs_usage.h"

#include <catch2/catch.hpp>
#include <limits>

namespace volumeter::fs_usage_test {
namespace {

constexpr std::uint64_t kMinusOne = std::numeric_limits<std::uint64_t>::max();
constexpr StatfsCounts kSound{.unit = 4096,
                              .blocks = 1000,
                              .blocks_free = 500,
                              .blocks_available = 400,
                              .files = 100,
                              .files_free = 90};

FsUsage with(std::uint64_t StatfsCounts::*count, std::uint64_t value) {
  StatfsCounts said = kSound;
  said.*count = value;
  return to_fs_usage(said);
}

}  // namespace

TEST_CASE("sound counts become bytes") {
  const FsUsage usage = to_fs_usage(kSound);
  CHECK(usage.size_bytes == 4096000);
  CHECK(usage.free_bytes == 2048000);
  CHECK(usage.avail_bytes == 1638400);
  CHECK(usage.files == 100);
  CHECK(usage.files_free == 90);
}

TEST_CASE("a count that is none costs that figure alone") {
  const auto differs_only_in = [](FsUsage usage, auto FsUsage::*figure, auto expected) {
    CHECK(usage.*figure == expected);
    usage.*figure = to_fs_usage(kSound).*figure;
    CHECK(usage == to_fs_usage(kSound));
  };
  using Absent = std::optional<std::uint64_t>;
  for (const std::uint64_t wrong : {kMinusOne, std::uint64_t{1001}}) {
    differs_only_in(with(&StatfsCounts::blocks_free, wrong), &FsUsage::free_bytes, Absent());
  }
  differs_only_in(with(&StatfsCounts::blocks_available, 1001), &FsUsage::avail_bytes, Absent());
}

TEST_CASE("a number of files without one of free inodes is no limit") {
  for (const std::uint64_t wrong : {kMinusOne, std::uint64_t{101}}) {
    const FsUsage usage = with(&StatfsCounts::files_free, wrong);
    CHECK(usage.files == 0);
    CHECK_FALSE(usage.files_free);
    CHECK(usage.size_bytes == to_fs_usage(kSound).size_bytes);
  }
  CHECK(with(&StatfsCounts::files_free, 0).files_free == 0);  // none is left
}

TEST_CASE("a negative number of available blocks is none left") {
  CHECK(with(&StatfsCounts::blocks_available, kMinusOne - 4999).avail_bytes == 0);
}

TEST_CASE("a filesystem that calls all of its counts -1 is neither full nor empty") {
  const FsUsage usage = to_fs_usage({4096, kMinusOne, kMinusOne, kMinusOne, kMinusOne, kMinusOne});
  CHECK(usage == FsUsage{});
}

TEST_CASE("a filesystem that has no size is neither full nor empty") {
  for (const FsUsage& usage : {with(&StatfsCounts::blocks, 0), with(&StatfsCounts::unit, 0)}) {
    CHECK_FALSE(usage.size_bytes);
    CHECK_FALSE(usage.free_bytes);
    CHECK_FALSE(usage.avail_bytes);
    CHECK(usage.files == 100);
  }
}

TEST_CASE("a size beyond 64 bits is absent") {
  for (const std::uint64_t blocks : {kMinusOne, kMinusOne / 2, std::uint64_t{1} << 52}) {
    CHECK_FALSE(with(&StatfsCounts::blocks, blocks).size_bytes);
  }
  CHECK_FALSE(with(&StatfsCounts::unit, kMinusOne).size_bytes);
}

TEST_CASE("a filesystem that does not count inodes has none") {
  CHECK(with(&StatfsCounts::files, kMinusOne).files == 0);
}

TEST_CASE("a volume that is a whole filesystem uses what is not free, if that is known") {
  const auto space = to_space_usage(to_fs_usage(kSound));
  REQUIRE(space);
  CHECK(space->method == SizeMethod::kStatfs);
  CHECK(space->allocated_bytes == 2048000);
  CHECK(space->inodes == 10U);
  CHECK(space->limit_bytes == 4096000U);
  CHECK_FALSE(to_space_usage(with(&StatfsCounts::blocks, 0)));
  CHECK_FALSE(to_space_usage(with(&StatfsCounts::blocks, kMinusOne)));
  CHECK_FALSE(to_space_usage(with(&StatfsCounts::blocks_free, 1001)));
  CHECK_FALSE(to_space_usage(with(&StatfsCounts::files, 0))->inodes);
  CHECK_FALSE(to_space_usage(with(&StatfsCounts::files_free, kMinusOne))->inodes);
}

}  // namespace volumeter::fs_usage_test
