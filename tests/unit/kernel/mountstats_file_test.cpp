// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/mountstats_file.h"

#include <catch2/catch.hpp>

#include "tests/support/captured_log.h"
#include "tests/support/temp_folder.h"

namespace volumeter::mountstats_file_test {
namespace {

using test::CapturedLog;
using test::TempFolder;

std::string mount_at(const std::string& place) {
  return "device s:/e mounted on " + place + " with fstype nfs4 statvers=1.1\n";
}

HostAccess host_with(const TempFolder& procfs) {
  HostAccess host;
  host.paths.procfs = procfs.path();
  host.now = [] { return from_unix_seconds(1'700'000'000); };
  return host;
}

}  // namespace

TEST_CASE("/proc/1/mountstats is preferred to /proc/self/mountstats") {
  const TempFolder folder;
  folder.write("self/mountstats", mount_at("/ours"));
  const HostAccess host = host_with(folder);
  CapturedLog log;
  MountstatsFile file(host, log.log);
  CHECK(file.read().value().front().mount_point == "/ours");
  folder.write("1/mountstats", mount_at("/hosts"));
  CHECK(file.read().value().front().mount_point == "/hosts");
  CHECK(file.health().up);
  CHECK(file.health().name == "mountstats");
}

TEST_CASE("unreadable mountstats are absent and logged once") {
  const TempFolder folder;
  const HostAccess host = host_with(folder);
  CapturedLog log;
  MountstatsFile file(host, log.log);
  CHECK_FALSE(file.read());
  CHECK_FALSE(file.read());
  CHECK_FALSE(file.health().up);
  CHECK(log.count("error subject=mountstats") == 1);
}

TEST_CASE("malformed lines of mountstats are counted") {
  const TempFolder folder;
  folder.write("1/mountstats", mount_at("/m") + "\tbytes:\t1 2\n");
  const HostAccess host = host_with(folder);
  CapturedLog log;
  MountstatsFile file(host, log.log);
  REQUIRE(file.read());
  CHECK(file.health().up);
  CHECK(file.health().bad_items == 1);
}

}  // namespace volumeter::mountstats_file_test
