// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/mount_io_totals.h"

#include <catch2/catch.hpp>

namespace volumeter::mount_io_totals_test {
namespace {

constexpr SteadyTime kStart{std::chrono::hours(100)};
const MountKey kData{"database", "/data"};
const std::set<std::string> kVolumes{"db"};

MountIo writes(std::uint64_t count) {
  MountIo io;
  io.writes.operations = count;
  io.writes.bytes = 4096 * count;
  io.writes.nanoseconds = 1000 * count;
  io.writes.latency[0] = count;
  io.writes.failed_with(IoError::kEnospc) = count;
  io.mapped_writes = count;
  return io;
}

TEST_CASE("the difference of two counts covers all fields") {
  CHECK(writes(7).since(writes(3)) == writes(4));
  MountIo sum = writes(3);
  sum.add(writes(4));
  CHECK(sum == writes(7));
}

TEST_CASE("a mount without I/O and its volume have zeros") {
  MountIoTotals totals;
  totals.open(1, kData, "db");
  CHECK(totals.mounts().at(kData) == MountIo{});
  CHECK(totals.volumes().at("db") == MountIo{});
}

TEST_CASE("adding the same counts twice counts once") {
  MountIoTotals totals;
  totals.open(1, kData, "db");
  totals.add({{1, writes(5)}});
  totals.add({{1, writes(5)}});
  CHECK(totals.mounts().at(kData) == writes(5));
  CHECK(totals.volumes().at("db") == writes(5));
}

TEST_CASE("the sums continue when the counts of a restarted container begin at zero") {
  MountIoTotals totals;
  totals.open(1, kData, "db");
  totals.add({{1, writes(100)}});
  totals.close(1, kStart);
  CHECK(totals.mounts().at(kData) == writes(100));
  totals.open(2, kData, "db");
  CHECK(totals.mounts().at(kData) == writes(100));
  totals.add({{2, writes(3)}});
  CHECK(totals.mounts().at(kData) == writes(103));
  CHECK(totals.volumes().at("db") == writes(103));
}

TEST_CASE("a volume sums up its mounts, including those of removed containers") {
  MountIoTotals totals;
  totals.open(1, kData, "db");
  totals.open(2, {"backup", "/source"}, "db");
  totals.open(3, {"backup", "/"}, "");
  totals.add({{1, writes(10)}, {2, writes(5)}, {3, writes(1)}});
  CHECK(totals.volumes().size() == 1);
  totals.close(2, kStart);
  totals.forget(kVolumes, kStart + std::chrono::hours(2));
  CHECK_FALSE(totals.mounts().contains({"backup", "/source"}));
  CHECK(totals.volumes().at("db") == writes(15));
}

TEST_CASE("counts of closed and unknown mounts are ignored") {
  MountIoTotals totals;
  totals.open(1, kData, "db");
  CHECK(totals.is_open(1));
  totals.close(1, kStart);
  CHECK_FALSE(totals.is_open(1));
  totals.add({{1, writes(10)}, {9, writes(1)}});
  totals.close(9, kStart);
  CHECK(totals.mounts().at(kData) == MountIo{});
  CHECK(totals.mounts().size() == 1);
  CHECK(totals.volumes().at("db") == MountIo{});
}

TEST_CASE("a mount is dropped an hour after its container stopped, unless it restarted") {
  MountIoTotals totals;
  totals.open(1, kData, "db");
  totals.open(2, {"worker", "/data"}, "db");
  totals.close(1, kStart);
  totals.close(2, kStart);
  totals.forget(kVolumes, kStart + std::chrono::minutes(59));
  CHECK(totals.mounts().size() == 2);
  totals.open(3, kData, "db");
  totals.forget(kVolumes, kStart + std::chrono::minutes(61));
  CHECK(totals.mounts().size() == 1);
  CHECK(totals.mounts().contains(kData));
}

TEST_CASE("a removed volume is dropped, and a new one with its name begins at zero") {
  MountIoTotals totals;
  totals.open(1, kData, "db");
  totals.add({{1, writes(10)}});
  totals.close(1, kStart);
  totals.forget({}, kStart);
  CHECK(totals.volumes().empty());
  totals.open(2, kData, "db");
  totals.add({{2, writes(1)}});
  CHECK(totals.volumes().at("db") == writes(1));
}

TEST_CASE("memory is bounded for any number of containers within the hour") {
  MountIoTotals totals;
  std::size_t most = 0;
  for (MountToken token = 1; token <= 50'000; ++token) {
    totals.open(token, {"job" + std::to_string(token), "/"}, "");
    totals.close(token, kStart);
    if (token % 500 == 0) totals.forget(kVolumes, kStart);
    most = std::max(most, totals.mounts().size());
  }
  CHECK(most <= 2500);
}

TEST_CASE("open mounts are never dropped") {
  MountIoTotals totals;
  for (MountToken token = 1; token <= 2001; ++token) {
    totals.open(token, {"job" + std::to_string(token), "/"}, "");
  }
  totals.close(1, kStart);
  totals.forget(kVolumes, kStart);
  CHECK(totals.mounts().size() == 2000);
  totals.add({{2, writes(1)}});
  CHECK(totals.mounts().at({"job2", "/"}) == writes(1));
}

}  // namespace
}  // namespace volumeter::mount_io_totals_test
