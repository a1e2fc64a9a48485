// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/mount_io_ledger.h"

#include <catch2/catch.hpp>

namespace volumeter {
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
  MountIoLedger ledger;
  ledger.open(1, kData, "db");
  CHECK(ledger.mounts().at(kData) == MountIo{});
  CHECK(ledger.volumes().at("db") == MountIo{});
}

TEST_CASE("adding the same counts twice counts once") {
  MountIoLedger ledger;
  ledger.open(1, kData, "db");
  ledger.add({{1, writes(5)}});
  ledger.add({{1, writes(5)}});
  CHECK(ledger.mounts().at(kData) == writes(5));
  CHECK(ledger.volumes().at("db") == writes(5));
}

TEST_CASE("the sums continue when the counts of a restarted container begin at zero") {
  MountIoLedger ledger;
  ledger.open(1, kData, "db");
  ledger.add({{1, writes(100)}});
  ledger.close(1, kStart);
  CHECK(ledger.mounts().at(kData) == writes(100));
  ledger.open(2, kData, "db");
  CHECK(ledger.mounts().at(kData) == writes(100));
  ledger.add({{2, writes(3)}});
  CHECK(ledger.mounts().at(kData) == writes(103));
  CHECK(ledger.volumes().at("db") == writes(103));
}

TEST_CASE("a volume sums up its mounts, including those of removed containers") {
  MountIoLedger ledger;
  ledger.open(1, kData, "db");
  ledger.open(2, {"backup", "/source"}, "db");
  ledger.open(3, {"backup", "/"}, "");
  ledger.add({{1, writes(10)}, {2, writes(5)}, {3, writes(1)}});
  CHECK(ledger.volumes().size() == 1);
  ledger.close(2, kStart);
  ledger.forget(kVolumes, kStart + std::chrono::hours(2));
  CHECK_FALSE(ledger.mounts().contains({"backup", "/source"}));
  CHECK(ledger.volumes().at("db") == writes(15));
}

TEST_CASE("counts of closed and unknown mounts are ignored") {
  MountIoLedger ledger;
  ledger.open(1, kData, "db");
  CHECK(ledger.is_open(1));
  ledger.close(1, kStart);
  CHECK_FALSE(ledger.is_open(1));
  ledger.add({{1, writes(10)}, {9, writes(1)}});
  ledger.close(9, kStart);
  CHECK(ledger.mounts().at(kData) == MountIo{});
  CHECK(ledger.mounts().size() == 1);
  CHECK(ledger.volumes().at("db") == MountIo{});
}

TEST_CASE("a mount is dropped an hour after its container stopped, unless it restarted") {
  MountIoLedger ledger;
  ledger.open(1, kData, "db");
  ledger.open(2, {"worker", "/data"}, "db");
  ledger.close(1, kStart);
  ledger.close(2, kStart);
  ledger.forget(kVolumes, kStart + std::chrono::minutes(59));
  CHECK(ledger.mounts().size() == 2);
  ledger.open(3, kData, "db");
  ledger.forget(kVolumes, kStart + std::chrono::minutes(61));
  CHECK(ledger.mounts().size() == 1);
  CHECK(ledger.mounts().contains(kData));
}

TEST_CASE("a removed volume is dropped, and a new one with its name begins at zero") {
  MountIoLedger ledger;
  ledger.open(1, kData, "db");
  ledger.add({{1, writes(10)}});
  ledger.close(1, kStart);
  ledger.forget({}, kStart);
  CHECK(ledger.volumes().empty());
  ledger.open(2, kData, "db");
  ledger.add({{2, writes(1)}});
  CHECK(ledger.volumes().at("db") == writes(1));
}

TEST_CASE("memory is bounded for any number of containers within the hour") {
  MountIoLedger ledger;
  std::size_t most = 0;
  for (MountToken token = 1; token <= 50'000; ++token) {
    ledger.open(token, {"job" + std::to_string(token), "/"}, "");
    ledger.close(token, kStart);
    if (token % 500 == 0) ledger.forget(kVolumes, kStart);
    most = std::max(most, ledger.mounts().size());
  }
  CHECK(most <= 2500);
}

TEST_CASE("open mounts are never dropped") {
  MountIoLedger ledger;
  for (MountToken token = 1; token <= 2001; ++token) {
    ledger.open(token, {"job" + std::to_string(token), "/"}, "");
  }
  ledger.close(1, kStart);
  ledger.forget(kVolumes, kStart);
  CHECK(ledger.mounts().size() == 2000);
  ledger.add({{2, writes(1)}});
  CHECK(ledger.mounts().at({"job2", "/"}) == writes(1));
}

}  // namespace
}  // namespace volumeter
