// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/mount_io_watch.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/support/watch_bench.h"

namespace volumeter::mount_io_watch_test {
namespace {

using namespace test;
using Scene = WatchBench;

std::optional<std::uint64_t> id_at(const std::string& mountinfo, const std::string& destination) {
  const auto mounts = parse_mountinfo(mountinfo).items;
  const Mount* found = find_container_mount(mounts, destination, {});
  return found == nullptr ? std::nullopt : std::optional(found->id);
}

TEST_CASE("a mount is found by its destination, the topmost of stacked ones") {
  const std::string mounts = container_mounts(data_mount(510));
  CHECK(id_at(mounts, "/data") == 510);
  CHECK(id_at(mounts, "/") == 500);
  CHECK(id_at(mounts + "511 510 0:60 / /data rw - tmpfs tmpfs rw\n", "/data") == 511);
  CHECK_FALSE(id_at(mounts, "/dat"));
  CHECK_FALSE(id_at(mounts, "/data/below"));
  CHECK_FALSE(id_at("", "/"));
}

TEST_CASE("I/O through a mount counts for the mount and the volume") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  scene.set({database(100), {{"database", "/"}, 100, "", ""}});
  CHECK(scene.of_mount(kDatabase) == 0);
  CHECK(scene.of_volume("db") == 0);
  scene.kernel.write(data_of(510, 20), 4096);
  scene.kernel.write({.id = 500, .namespace_id = 20, .device = {0, 50}}, 512);
  CHECK(scene.of_mount(kDatabase) == 4096);
  CHECK(scene.of_volume("db") == 4096);
  CHECK(scene.of_mount({"database", "/"}) == 512);
  CHECK(scene.kernel.was_asked_for == std::set<std::string>{"ext4", "overlay"});
  CHECK(scene.watch.health().up);
  CHECK(scene.watch.health().bad_items == 0);
  CHECK_FALSE(scene.is_uncounted("db"));
}

TEST_CASE("the readings name the filesystem types in use whose mapped writes are not counted") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  scene.set({database(100)});
  CHECK(scene.watch.latest()->without_mapped_writes.empty());
  scene.set({database(100), {{"database", "/"}, 100, "", ""}});
  CHECK(scene.watch.latest()->without_mapped_writes == std::set<std::string>{"overlay"});
}

TEST_CASE("nothing is counted for a container in a sandbox that does not show its mounts") {
  struct Case {
    const char* what;
    std::string mounts;
    bool is_counted;  // its root filesystem
  };
  const Case all[] = {
      {"gVisor", "500 400 0:71 / / ro - tmpfs runsc-root ro\n501 500 0:72 / /proc ro - proc p ro\n",
       false},
      {"initramfs", "500 400 0:2 / / rw - rootfs rootfs rw\n", false},
      {"Kata", "500 400 8:1 / / rw - ext4 /dev/sda1 rw\n", false},
      {"jailed monitor of a virtual machine",
       "500 400 8:1 /srv/jailer/1 / rw - ext4 /dev/sda1 rw\n", false},
      {"no root", "501 500 0:72 / /proc ro - proc p ro\n", false},
      {"overlay", container_mounts(data_mount(510)), true},
      {"vfs storage driver on a tmpfs",
       "500 400 0:40 /vfs/dir/1 / rw - tmpfs tmpfs rw\n" + data_mount(510), true},
      {"devicemapper storage driver",
       "500 400 253:4 /rootfs / rw - ext4 /dev/dm-4 rw\n" + data_mount(510), true},
  };
  for (const Case& one : all) {
    CAPTURE(one.what);
    Scene scene;
    scene.run(100, 20, one.mounts);
    scene.set({database(100), {{"database", "/"}, 100, "", ""}});
    CHECK(scene.of_mount({"database", "/"}).has_value() == one.is_counted);
    CHECK(scene.of_mount(kDatabase).has_value() == one.is_counted);
    CHECK(scene.is_uncounted("db") != one.is_counted);
  }
}

TEST_CASE("a container without other mounts is counted by its root filesystem") {
  Scene scene;
  scene.run(100, 20, container_mounts(""));
  scene.set({{{"plain", "/"}, 100, "", ""}, {{"other", "/x"}, 0, "", ""}});
  CHECK(scene.of_mount({"plain", "/"}) == 0);
}

TEST_CASE("a mount whose destination has a symbolic link is found by its data") {
  Scene scene;
  // /var/run is a link to /run; the volume's data is a directory, a whole filesystem, or lies in
  // one whose own subdirectory the host has mounted.
  scene.run(100, 20,
            container_mounts("510 500 8:1 " + std::string(kData) +
                             " /run/a rw - ext4 /dev/sda1 rw\n"
                             "511 500 0:40 / /run/b rw - tmpfs tmpfs rw\n"
                             "512 500 8:17 /volumes/logs /run/c rw - ext4 /dev/sdb1 rw\n"));
  scene.set({{{"web", "/var/run/a"}, 100, "db", kData},
             {{"web", "/var/run/b"}, 100, "cache", "/var/lib/docker/volumes/cache/_data"},
             {{"web", "/var/run/c"}, 100, "logs", "/srv/logs"},
             {{"web", "/var/run/d"}, 100, "", "/srv/none"}});
  scene.kernel.write(data_of(510, 20), 1);
  scene.kernel.write({.id = 511, .namespace_id = 20, .device = {0, 40}}, 2);
  scene.kernel.write({.id = 512, .namespace_id = 20, .device = {8, 17}}, 3);
  CHECK(scene.of_volume("db") == 1);
  CHECK(scene.of_volume("cache") == 2);
  CHECK(scene.of_volume("logs") == 3);
  CHECK_FALSE(scene.of_mount({"web", "/var/run/d"}));
  CHECK(scene.log.count("subject=mount container=web path=/var/run/d msg=\"I/O not counted") == 1);
  CHECK(scene.watch.health().bad_items == 1);
}

TEST_CASE("two destinations of one mount are counted once") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  const std::vector<MountIoTarget> targets{database(100),
                                           {{"database", "/var/x"}, 100, "db", kData}};
  scene.set(targets);
  scene.set(targets);
  scene.kernel.write(data_of(510, 20), 5);
  CHECK(scene.of_volume("db") == 5);
  CHECK_FALSE(scene.is_uncounted("db"));
  scene.set({});
  CHECK(scene.kernel.watched.empty());
}

TEST_CASE("a restarted container is watched again even if its mount id is the same") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  scene.set({database(100)});
  scene.kernel.write(data_of(510, 20), 100);
  scene.run(200, 21, container_mounts(data_mount(510)));
  scene.set({database(200)});
  REQUIRE(scene.kernel.watched.contains(510));
  scene.kernel.write(data_of(510, 21), 11);
  CHECK(scene.of_mount(kDatabase) == 111);
  CHECK(scene.of_volume("db") == 111);
  CHECK(scene.kernel.watched.size() == 1);
  CHECK(scene.kernel.counts.size() == 1);
}

TEST_CASE("a mount id can be reused by another container") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  scene.run(200, 21, container_mounts(data_mount(511)));
  const MountKey other{"backup", "/data"};
  scene.set({database(100), {other, 200, "db", kData}});
  // Both restart and swap their mount ids.
  scene.run(101, 22, container_mounts(data_mount(511)));
  scene.run(201, 23, container_mounts(data_mount(510)));
  scene.set({database(101), {other, 201, "db", kData}});
  scene.kernel.write(data_of(511, 22), 1);
  scene.kernel.write(data_of(510, 23), 20);
  CHECK(scene.of_mount(kDatabase) == 1);
  CHECK(scene.of_mount(other) == 20);
  CHECK(scene.of_volume("db") == 21);
}

TEST_CASE("I/O until the end of a container is counted") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  scene.set({database(100)});
  scene.kernel.write(data_of(510, 20), 100);
  scene.set({});
  CHECK(scene.of_mount(kDatabase) == 100);
  CHECK(scene.of_volume("db") == 100);
}

TEST_CASE("processes in the host's mount namespace and unknown ones are not watched") {
  Scene scene;
  scene.folder.write("100/mountinfo", container_mounts(data_mount(510)));
  SECTION("it is of the host: the id was given to another process") {
    scene.kernel.namespaces[100] = test::FakeKernel::kHostNamespace;
  }
  SECTION("it has ended") {}
  scene.set({database(100)});
  CHECK(scene.kernel.watched.empty());
  CHECK(scene.is_uncounted("db"));
  CHECK_FALSE(scene.of_mount(kDatabase));
  CHECK(scene.watch.health().bad_items == 1);

  scene.run(300, 20, container_mounts(data_mount(510)));
  scene.set({database(300)});
  CHECK_FALSE(scene.is_uncounted("db"));
  CHECK(scene.watch.health().bad_items == 0);
}

TEST_CASE("the volumes of a container with an unknown process are uncounted") {
  Scene scene;
  scene.run(0, 20, container_mounts(data_mount(510)));
  scene.kernel.namespaces.erase(0);
  scene.set({database(0)});
  CHECK(scene.is_uncounted("db"));
}

TEST_CASE("a volume is uncounted while any of its mounts is") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  MountIoTarget lost{{"backup", "/source"}, 200, "db", kData};
  SECTION("the mount cannot be found") {
    scene.run(200, 21, container_mounts("510 500 8:17 / /elsewhere rw - ext4 /dev/sdb1 rw\n"));
  }
  SECTION("nobody can count its filesystem") {
    scene.run(200, 21, container_mounts("510 500 0:70 / /source rw - zfs pool rw\n"));
  }
  SECTION("its mountinfo is garbage") {
    scene.run(200, 21, std::string("\0\xff 510 x 8:1 / /source\n510 500 8:1\n- - -\n", 35));
  }
  SECTION("it has no mountinfo") { scene.kernel.namespaces[200] = 21; }
  scene.set({database(100), lost});
  scene.kernel.write(data_of(510, 20), 9);
  CHECK(scene.is_uncounted("db"));
  CHECK(scene.of_mount(kDatabase) == 9);
  CHECK_FALSE(scene.of_mount(lost.key));
  CHECK(scene.watch.health().up);
  CHECK(scene.watch.health().bad_items == 1);

  scene.set({database(100)});
  CHECK_FALSE(scene.is_uncounted("db"));
  CHECK(scene.of_volume("db") == 9);
}

TEST_CASE("an unsupported filesystem type is logged once for all its mounts") {
  Scene scene;
  scene.run(100, 20,
            container_mounts("510 500 0:70 /a /a rw - zfs pool rw\n"
                             "511 500 0:70 /b /b rw - zfs pool rw\n"));
  const std::vector<MountIoTarget> targets{{{"web", "/a"}, 100, "", ""},
                                           {{"web", "/b"}, 100, "", ""}};
  scene.set(targets);
  scene.set(targets);
  CHECK(scene.log.count("fstype=zfs msg=\"I/O not counted") == 1);
}

TEST_CASE("mounts beyond the capacity of the map are uncounted until there is space") {
  Scene scene;
  scene.kernel.room = 1;
  std::vector<MountIoTarget> targets;
  for (std::uint32_t i = 0; i < 50; ++i) {
    scene.run(100 + i, 20 + i, container_mounts(data_mount(510 + i)));
    targets.push_back({{"job" + std::to_string(i), "/data"}, 100 + i, "db", kData});
  }
  scene.set(targets);
  scene.set(targets);
  CHECK(scene.is_uncounted("db"));
  CHECK(scene.watch.health().bad_items == 49);
  CHECK(scene.log.count("warning") == 1);
  scene.set({targets[7]});
  CHECK_FALSE(scene.is_uncounted("db"));
  scene.kernel.write(data_of(517, 27), 3);
  CHECK(scene.of_mount(targets[7].key) == 3);
}

TEST_CASE("a refusing kernel is asked once, and the health has the reason") {
  Scene scene;
  scene.refusal = Error{ErrorKind::kPermission, "eBPF: io_complete_rw", "Operation not permitted"};
  scene.run(100, 20, container_mounts(data_mount(510)));
  scene.set({database(100)});
  scene.set({database(100)});
  CHECK(scene.starts == 1);
  CHECK(scene.watch.latest() == nullptr);
  const SourceHealth health = scene.watch.health();
  CHECK(health.name == "ebpf_mounts");
  CHECK_FALSE(health.up);
  CHECK(health.last_error == "eBPF: io_complete_rw: Operation not permitted");
  CHECK(health.errors[static_cast<std::size_t>(ErrorKind::kPermission)] == 1);
  CHECK(scene.log.count("eBPF unavailable") == 1);
}

TEST_CASE("there are no readings before the first set_targets()") {
  Scene scene;
  CHECK(scene.watch.latest() == nullptr);
  CHECK(scene.starts == 0);
}

TEST_CASE("the sums keep their values while the counts cannot be read") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  scene.set({database(100)});
  scene.kernel.write(data_of(510, 20), 100);
  CHECK(scene.of_volume("db") == 100);
  scene.kernel.read_fails = Error{ErrorKind::kIo, "bpf map", "Out of memory"};
  scene.kernel.write(data_of(510, 20), 10);
  CHECK(scene.of_volume("db") == 100);
  CHECK_FALSE(scene.watch.health().up);
  scene.kernel.read_fails = {};
  CHECK(scene.of_volume("db") == 110);
  CHECK(scene.watch.health().up);
}

TEST_CASE("unreadable mount namespaces are logged and retried") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  scene.kernel.namespaces_fail = Error{ErrorKind::kIo, "iter/task", "Out of memory"};
  scene.set({database(100)});
  scene.set({database(100)});
  CHECK(scene.is_uncounted("db"));
  CHECK(scene.log.count(
            "warning subject=ebpf_mounts msg=\"cannot read mount namespaces; no I/O for new "
            "containers\" error=\"iter/task: Out of memory\"") == 1);
  scene.kernel.namespaces_fail = {};
  scene.set({database(100)});
  CHECK_FALSE(scene.is_uncounted("db"));
}

TEST_CASE("after a mount id was reused, closing the first mount does not affect the second") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  scene.set({database(100)});
  // The first has stopped, the engine has not reported it yet, and another one reuses its ids.
  scene.run(200, 30, container_mounts(data_mount(510)));
  scene.set({database(100), {{"other", "/data"}, 200, "logs", ""}});
  scene.set({{{"other", "/data"}, 200, "logs", ""}});
  scene.kernel.write(data_of(510, 30), 4096);
  CHECK(scene.of_volume("logs") == 4096);
}

TEST_CASE("I/O that completes after its mount is gone is dropped") {
  Scene scene;
  scene.run(100, 20, container_mounts(data_mount(510)));
  scene.set({database(100)});
  const MountToken token = scene.kernel.watched.at(510).first;
  scene.set({});
  scene.kernel.count(token, 4096);
  CHECK(scene.of_volume("db") == 0);
  CHECK(scene.kernel.counts.empty());
}

TEST_CASE("random starts and stops lose no I/O, count none twice and leak nothing") {
  Scene scene;
  std::mt19937 random(4);
  std::vector<std::uint32_t> pids(8, 0);  // of each container; 0 if not running
  std::uint32_t last_pid = 100;
  std::uint64_t written = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<MountIoTarget> targets;
    for (std::uint32_t i = 0; i < pids.size(); ++i) {
      if (random() % 3 == 0) pids[i] = random() % 3 == 0 ? 0 : ++last_pid;
      if (pids[i] == 0) continue;
      // Few ids, reused by many containers.
      const std::uint32_t id = 600 + (pids[i] + i) % 16;
      scene.run(pids[i], pids[i], container_mounts(data_mount(id)));
      targets.push_back({{"c" + std::to_string(i), "/data"}, pids[i], "db", kData});
    }
    scene.set(targets);
    for (const auto& target : targets) {
      const auto i = static_cast<std::uint32_t>(target.key.first[1] - '0');
      const MountIdentity mount = data_of(600 + (target.pid + i) % 16, target.pid);
      const auto found = scene.kernel.watched.find(mount.id);
      if (found == scene.kernel.watched.end() || !(found->second.second == mount)) continue;
      const std::uint64_t bytes = 1 + random() % 1000;
      scene.kernel.write(mount, bytes);
      written += bytes;
    }
    REQUIRE(scene.kernel.watched.size() <= targets.size());
    REQUIRE(scene.kernel.counts.size() <= targets.size());
    if (written > 0) REQUIRE(scene.of_volume("db") == written);
  }
  scene.set({});
  CHECK(scene.kernel.watched.empty());
  CHECK(scene.kernel.counts.empty());
  CHECK(scene.of_volume("db") == written);
}

}  // namespace
}  // namespace volumeter::mount_io_watch_test
