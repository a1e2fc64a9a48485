// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/mount_table.h"

#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <string>

#include "exporter/sources/os/files.h"
#include "tests/support/captured_log.h"
#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::mount_table_test {
namespace {

using test::CapturedLog;
using test::TempFolder;

constexpr std::string_view kRoot = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
constexpr std::string_view kData = "2 1 8:2 / /data rw - ext4 /dev/sda2 rw\n";

struct FakeHost {
  HostAccess access;
  SteadyTime steady{std::chrono::hours(1)};

  explicit FakeHost(const std::string& procfs) {
    access.paths.procfs = procfs;
    access.now = [] { return from_unix_seconds(1'700'000'000); };
    access.steady_now = [this] { return steady; };
  }
};

TEST_CASE("the mounts of process 1 are listed, and the list is shared until it changes") {
  const TempFolder folder;
  folder.write("1/mountinfo", kRoot);
  folder.write("self/mountinfo", kData);
  FakeHost host(folder.path());
  CapturedLog log;
  MountTable table(host.access, log.log);

  const auto list = table.current();
  REQUIRE(list->mounts().size() == 1);
  CHECK(list->mounts().front().source == "/dev/sda1");
  CHECK(table.current() == list);
  CHECK(table.health().up);
  CHECK(table.health().name == "mountinfo");
}

TEST_CASE("/proc/self/mountinfo is read if that of process 1 is unreadable") {
  const TempFolder folder;
  folder.write("self/mountinfo", kData);
  FakeHost host(folder.path());
  CapturedLog log;
  MountTable table(host.access, log.log);
  REQUIRE(table.current()->mounts().size() == 1);
  CHECK(table.current()->mounts().front().mount_point == "/data");
}

TEST_CASE("mountinfo is read again after 15 seconds, and an unchanged list is kept") {
  const TempFolder folder;
  folder.write("1/mountinfo", kRoot);
  FakeHost host(folder.path());
  CapturedLog log;
  MountTable table(host.access, log.log);
  const auto first = table.current();

  host.steady += std::chrono::seconds(20);
  CHECK(table.current() == first);

  folder.write("1/mountinfo", std::string(kRoot) + std::string(kData));
  CHECK(table.current() == first);
  host.steady += std::chrono::seconds(20);
  const auto second = table.current();
  CHECK(second->mounts().size() == 2);
  CHECK(second->generation() == first->generation() + 1);
}

TEST_CASE("while mountinfo is unreadable the last list is kept, and it is logged once") {
  const TempFolder folder;
  FakeHost host(folder.path());
  CapturedLog log;
  MountTable table(host.access, log.log);
  CHECK(table.current()->mounts().empty());
  CHECK(table.current()->mounts().empty());
  CHECK_FALSE(table.health().up);
  CHECK(table.health().errors[static_cast<std::size_t>(ErrorKind::kNotFound)] == 2);
  CHECK(log.count("error subject=mountinfo") == 1);

  folder.write("1/mountinfo", kRoot);
  CHECK(table.current()->mounts().size() == 1);
  CHECK(table.health().up);

  host.steady += std::chrono::seconds(20);
  folder.write("1/mountinfo", "garbage\n");
  CHECK(table.current()->mounts().size() == 1);
  CHECK_FALSE(table.health().up);
}

TEST_CASE("a malformed line is a bad item of the source mountinfo") {
  const TempFolder folder;
  folder.write("1/mountinfo", std::string(kRoot) + "garbage\n");
  FakeHost host(folder.path());
  CapturedLog log;
  MountTable table(host.access, log.log);
  CHECK(table.current()->mounts().size() == 1);
  CHECK(table.health().bad_items == 1);
  CHECK(log.count("garbage") == 1);
}

// The first line of its table, whose ids no other mount namespace has.
std::string root_mount_of(const std::string& pid) {
  const auto table = read_file("/proc/" + pid + "/mountinfo");
  return table->substr(0, table->find('\n'));
}

TEST_CASE("a mount or unmount on this machine is seen at once") {
  if (!test::require_root_or_skip()) return;
  if (root_mount_of("self") != root_mount_of("1")) {
    test::skip("needs the mount namespace of process 1");
    return;
  }
  const TempFolder folder;
  FakeHost host("/proc");
  CapturedLog log;
  MountTable table(host.access, log.log);
  const auto before = table.current();
  CHECK(find_mount(*before, folder.path())->mount_point != folder.path());

  REQUIRE(::mount("volumeter", folder.path().c_str(), "tmpfs", 0, "size=64k") == 0);
  const auto with = table.current();
  const Mount* found = find_mount(*with, folder / "x");
  REQUIRE(found != nullptr);
  CHECK(found->mount_point == folder.path());
  CHECK(found->fstype == "tmpfs");
  CHECK_FALSE(found->readonly);

  REQUIRE(::mount("", folder.path().c_str(), "", MS_REMOUNT | MS_BIND | MS_RDONLY, "") == 0);
  CHECK(find_mount(*table.current(), folder / "x")->readonly);

  REQUIRE(::umount(folder.path().c_str()) == 0);
  CHECK(find_mount(*table.current(), folder / "x")->mount_point != folder.path());
}

}  // namespace
}  // namespace volumeter::mount_table_test
