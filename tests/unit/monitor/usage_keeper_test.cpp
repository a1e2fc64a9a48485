// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/usage_keeper.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "exporter/sources/os/files.h"
#include "tests/support/captured_log.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"

namespace volumeter::usage_keeper_test {
namespace {

using test::CapturedLog;
using test::eventually;
using test::TempFolder;

constexpr const char* kFile = "history.txt";

Inventory db_is(VolumeUse use) {
  Inventory inventory;
  inventory.volumes.emplace_back();
  inventory.volumes.back().name = "db";
  inventory.volumes.back().use = use;
  return inventory;
}

WallTime at(double seconds) { return from_unix_seconds(seconds); }

bool file_holds(const TempFolder& folder, const std::string& part) {
  const auto text = read_file(folder / kFile);
  return text && text->find(part) != std::string::npos;
}

TEST_CASE("the usage history survives a restart of the agent") {
  const TempFolder folder;
  CapturedLog log;
  {
    UsageKeeper keeper(folder.path(), log.log);
    keeper.start_writing();
    keeper.observe(db_is(VolumeUse::kInUse), at(1000));
    keeper.still_watching(at(1060));
  }
  UsageKeeper keeper(folder.path(), log.log);
  CHECK(keeper.times()->at("db").in_use);
  keeper.observe(db_is(VolumeUse::kOrphaned), at(9000));
  CHECK(keeper.times()->at("db").last_used == 1060.0);
  CHECK(log.count("warning") == 0);
}

TEST_CASE("a change of use is written to disk at once, not only on shutdown") {
  const TempFolder folder;
  CapturedLog log;
  UsageKeeper keeper(folder.path(), log.log);
  keeper.start_writing();
  keeper.observe(db_is(VolumeUse::kInUse), at(1000));
  CHECK(eventually([&] { return file_holds(folder, "volume 1000.000 - 1 - db"); }));
  CHECK(keeper.health().up);
}

TEST_CASE("the time until which the host was watched is saved every ten minutes") {
  const TempFolder folder;
  CapturedLog log;
  UsageKeeper keeper(folder.path(), log.log);
  keeper.start_writing();
  keeper.observe(db_is(VolumeUse::kInUse), at(1000));
  CHECK(eventually([&] { return file_holds(folder, "watched_until 1000.000"); }));
  keeper.still_watching(at(1599));
  keeper.still_watching(at(1601));
  CHECK(eventually([&] { return file_holds(folder, "watched_until 1601.000"); }));
  keeper.still_watching(at(1700));
  keeper.still_watching(at(2202));
  CHECK(eventually([&] { return file_holds(folder, "watched_until 2202.000"); }));
}

TEST_CASE(
    "the time until which the host was watched is saved even if nothing changed since the start") {
  const TempFolder folder;
  CapturedLog log;
  folder.write(kFile, "volumeter-state 1\nwatched_until 900.000\nvolume 800.000 - 1 - db\n");
  UsageKeeper keeper(folder.path(), log.log);
  keeper.start_writing();
  keeper.observe(db_is(VolumeUse::kInUse), at(5000));
  keeper.still_watching(at(5001));
  keeper.still_watching(at(5700));
  CHECK(eventually([&] { return file_holds(folder, "watched_until 5700.000"); }));
}

TEST_CASE("saving continues after the clock was set back") {
  const TempFolder folder;
  CapturedLog log;
  UsageKeeper keeper(folder.path(), log.log);
  keeper.start_writing();
  keeper.observe(db_is(VolumeUse::kInUse), at(1'000'000));
  const std::string latest = "watched_until 1000000.000";
  REQUIRE(eventually([&] { return file_holds(folder, latest); }));
  REQUIRE(::unlink((folder / kFile).c_str()) == 0);
  keeper.still_watching(at(5000));
  CHECK(eventually([&] { return file_holds(folder, latest); }));
}

TEST_CASE("without start_writing() nothing is written") {
  const TempFolder folder;
  CapturedLog log;
  folder.write(kFile, "damaged");
  {
    UsageKeeper keeper(folder.path(), log.log);
    keeper.observe(db_is(VolumeUse::kInUse), at(1000));
    keeper.still_watching(at(100000));
  }
  CHECK(list_dir(folder.path()).value() == std::vector<std::string>{kFile});
  CHECK(file_holds(folder, "damaged"));
}

TEST_CASE("a damaged file is renamed once writing starts, and a new one is begun") {
  const TempFolder folder;
  CapturedLog log;
  folder.write(kFile, "{\"what\":\"is this\"}");
  UsageKeeper keeper(folder.path(), log.log);
  CHECK(keeper.times()->empty());
  CHECK(keeper.health().bad_items == 1);
  CHECK(log.count("warning subject=state msg=\"cannot read the saved usage history") == 1);

  keeper.start_writing();
  CHECK(read_file(folder / "history.txt.damaged").value() == "{\"what\":\"is this\"}");
  CHECK(log.count("msg=\"damaged usage history renamed\" path=" +
                  (folder / "history.txt.damaged")) == 1);
  keeper.observe(db_is(VolumeUse::kInUse), at(1000));
  CHECK(eventually([&] { return file_holds(folder, " db\n"); }));
}

TEST_CASE("damaged lines of the file cost only those lines") {
  const TempFolder folder;
  CapturedLog log;
  folder.write(kFile,
               "volumeter-state 1\nwatched_until 900.000\nvolume 1 2 3\nvolume 800.000 - 0 - db\n");
  UsageKeeper keeper(folder.path(), log.log);
  CHECK(keeper.times()->at("db").first_seen == 800);
  CHECK(keeper.health().bad_items == 1);
  CHECK(log.count("msg=\"lines of the saved usage history are damaged") == 1);
  CHECK(log.count(" lines=1\n") == 1);
  keeper.start_writing();
  CHECK(read_file(folder / "history.txt.damaged"));
}

TEST_CASE("an unreadable file is renamed, not overwritten") {
  const TempFolder folder;
  CapturedLog log;
  folder.make_folder(kFile);  // a directory, which not even root can read as a file
  {
    UsageKeeper keeper(folder.path(), log.log);
    CHECK(log.count("warning subject=state msg=\"cannot read the saved usage history") == 1);
    keeper.start_writing();
    keeper.observe(db_is(VolumeUse::kInUse), at(1000));
  }
  CHECK(list_dir(folder / "history.txt.damaged"));
  CHECK(file_holds(folder, " db\n"));
}

TEST_CASE("without a writable state directory the history is kept in memory") {
  const TempFolder folder;
  CapturedLog log;
  folder.write("file", "");
  UsageKeeper keeper(folder / "file", log.log);  // not a directory, not even for root
  keeper.start_writing();
  keeper.observe(db_is(VolumeUse::kInUse), at(1000));
  keeper.observe(db_is(VolumeUse::kOrphaned), at(2000));
  CHECK(keeper.times()->at("db").unused_since() == 2000.0);
  CHECK(eventually([&] { return !keeper.health().up; }));
  CHECK_FALSE(keeper.health().last_error.empty());
}

TEST_CASE("without a state directory nothing is saved and nothing is logged") {
  CapturedLog log;
  UsageKeeper keeper("", log.log);
  keeper.start_writing();
  keeper.observe(db_is(VolumeUse::kOrphaned), at(1000));
  keeper.still_watching(at(9000));
  CHECK(keeper.times()->at("db").unused_since() == 1000.0);
  CHECK(log.text().empty());
}

}  // namespace
}  // namespace volumeter::usage_keeper_test
