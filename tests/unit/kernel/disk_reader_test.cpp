// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/disk_reader.h"

#include <catch2/catch.hpp>

#include "tests/support/captured_log.h"
#include "tests/support/temp_folder.h"

namespace volumeter::disk_reader_test {
namespace {

constexpr const char* kDisk = "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n";

struct Scene {
  test::TempFolder folder;
  test::CapturedLog log;
  HostAccess host;
  DiskReader reader{make_host(), log.log};

  HostAccess& make_host() {
    host.paths.procfs = folder.path();
    host.now = [] { return from_unix_seconds(1'700'000'000); };
    return host;
  }
  void write(std::string_view text) const { folder.write("diskstats", text); }
};

TEST_CASE("each read returns the current devices") {
  Scene scene;
  scene.write(kDisk);
  CHECK(scene.reader.health().name == "diskstats");
  CHECK(scene.reader.read()->find({8, 0})->reads.completed == 1);
  scene.write("8 0 sda 7 2 3 4 5 6 7 8 9 10 11\n");
  CHECK(scene.reader.read()->find({8, 0})->reads.completed == 7);
  CHECK(scene.reader.health().up);
  CHECK(scene.reader.health().last_good == from_unix_seconds(1'700'000'000));
}

TEST_CASE("a malformed line is counted, and logged once even if its counters change") {
  Scene scene;
  scene.write(std::string(kDisk) + "8 16 torn 1\n");
  CHECK(scene.reader.read()->disks().size() == 1);
  scene.write(std::string(kDisk) + "8 16 torn 2\n");
  CHECK(scene.reader.read()->disks().size() == 1);
  CHECK(scene.reader.health().up);
  CHECK(scene.reader.health().bad_items == 1);
  CHECK(scene.log.count("warning subject=diskstats") == 1);
  scene.write(kDisk);
  scene.reader.read();
  CHECK(scene.reader.health().bad_items == 0);
}

TEST_CASE("while diskstats is unreadable there are no devices, not even old ones") {
  Scene scene;
  scene.write(kDisk);
  CHECK(scene.reader.read()->disks().size() == 1);
  scene.write("garbage\nmore of it\n");
  CHECK(scene.reader.read()->disks().empty());
  CHECK_FALSE(scene.reader.health().up);
  CHECK(scene.reader.health().errors[static_cast<std::size_t>(ErrorKind::kMalformed)] == 1);
  CHECK(scene.log.count("error subject=diskstats") == 1);
}

TEST_CASE("a missing diskstats is logged once") {
  Scene scene;
  CHECK(scene.reader.read()->disks().empty());
  CHECK(scene.reader.read()->disks().empty());
  CHECK(scene.reader.health().errors[static_cast<std::size_t>(ErrorKind::kNotFound)] == 2);
  CHECK(scene.log.count("error subject=diskstats") == 1);
}

TEST_CASE("a host without block devices is not an error") {
  Scene scene;
  scene.write("");
  CHECK(scene.reader.read()->disks().empty());
  CHECK(scene.reader.health().up);
}

}  // namespace
}  // namespace volumeter::disk_reader_test
