// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/size_keeper.h"

#include <catch2/catch.hpp>

#include "exporter/sources/os/files.h"
#include "tests/support/captured_log.h"
#include "tests/support/temp_folder.h"

namespace volumeter::size_keeper_test {
namespace {

using namespace std::chrono_literals;
using test::CapturedLog;
using test::TempFolder;

constexpr const char* kFile = "sizes.txt";

Inventory host_with_bind() {
  Inventory inventory;
  inventory.filesystems.emplace_back();
  inventory.binds.emplace_back();
  inventory.binds.back().path = "/srv";
  return inventory;
}

SizeReadings measured() {
  SizeReading reading;
  reading.space.value = SpaceUsage{};
  reading.space.taken_at = from_unix_seconds(1000);
  return {{"bind:/srv", reading}};
}

TEST_CASE("saved sizes are restored by the next run") {
  const TempFolder folder;
  CapturedLog log;
  {
    SizeKeeper keeper(folder.path(), log.log);
    keeper.start_writing();
    keeper.save(host_with_bind(), measured());
  }
  SizeKeeper keeper(folder.path(), log.log);
  CHECK(keeper.health().up);
  CHECK(keeper.take(host_with_bind(), from_unix_seconds(2000)).contains("bind:/srv"));
  CHECK(log.count("warning") == 0);
}

TEST_CASE("sizes are saved after a minute and then every ten, and by a run that serves alone") {
  const TempFolder folder;
  CapturedLog log;
  SizeKeeper keeper(folder.path(), log.log);
  const SteadyTime start = SteadyTime(1h);
  CHECK_FALSE(keeper.is_due(start));
  keeper.save(host_with_bind(), measured());
  CHECK_FALSE(read_file(folder / kFile));
  keeper.start_writing();
  CHECK_FALSE(keeper.is_due(start));
  CHECK(keeper.is_due(start + 1min));
  CHECK_FALSE(keeper.is_due(start + 2min));
  CHECK(keeper.is_due(start + 11min));
}

TEST_CASE("a damaged file of sizes is reported, counted and renamed") {
  const TempFolder folder;
  folder.write(kFile, "volumeter-sizes 1\n\xff\xfe\n");
  CapturedLog log;
  SizeKeeper keeper(folder.path(), log.log);
  keeper.start_writing();
  CHECK(keeper.health().bad_items == 1);
  CHECK(log.count("lines of the saved sizes are damaged") == 1);
  CHECK(read_file(folder / "sizes.txt.damaged"));
}

TEST_CASE("without a state directory nothing is restored or saved") {
  CapturedLog log;
  SizeKeeper keeper("", log.log);
  keeper.start_writing();
  CHECK_FALSE(keeper.is_due(SteadyTime(1h)));
  keeper.save(host_with_bind(), measured());
  CHECK(keeper.take(host_with_bind(), from_unix_seconds(2000)).empty());
}

}  // namespace
}  // namespace volumeter::size_keeper_test
