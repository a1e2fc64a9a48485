// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/places.h"

#include <catch2/catch.hpp>

namespace volumeter::places_test {
namespace {

Mount mount_of(const std::string& line) { return parse_mountinfo(line).items.at(0); }

TEST_CASE("mounts of one block device or one file server have the same backing device") {
  struct Row {
    std::string line;
    std::string device;
    bool is_local;
  };
  const Row rows[] = {
      {"29 1 254:1 / / rw - ext4 /dev/vda1 rw", "254:1", true},
      {"30 1 0:40 / /data rw - btrfs /dev/vdb rw", "0:40", true},
      {"31 1 0:41 / /run rw - tmpfs tmpfs rw", "0:41", true},
      {"40 1 0:50 / /a rw - nfs4 nas:/a rw,vers=4.2,addr=10.0.0.5", "nfs:10.0.0.5", false},
      {"41 1 0:51 / /b rw - nfs :/b rw,addr=10.0.0.5", "nfs:10.0.0.5", false},
      {"42 1 0:52 / /c rw - nfs [fd00::5]:/c rw", "nfs:[fd00::5]", false},
      {"43 1 0:53 / /d rw - nfs :/d rw", "0:53", false},
      {"44 1 0:54 / /e rw - cifs //nas/e rw", "cifs:nas", false},
      {"45 1 0:55 / /f rw - fuse.sshfs me@nas:/f rw", "0:55", false},
      {"46 1 7:0 / /g rw - fuseblk /dev/loop0 rw", "fuse:7:0", false},
      {"47 1 0:56 / /h rw - ceph 10.0.0.6:/ rw", "0:56", false},
  };
  for (const Row& row : rows) {
    INFO(row.line);
    CHECK(backing_device(mount_of(row.line)) == row.device);
    CHECK(is_local(mount_of(row.line)) == row.is_local);
  }
}

TEST_CASE("a path of the host is identified by the mount that holds it") {
  const MountList mounts({mount_of("29 1 254:1 / / rw - ext4 /dev/vda1 rw"),
                          mount_of("40 29 0:50 / /mnt/nas rw - nfs4 nas:/a rw,addr=10.0.0.5")});
  const Place on_nas = place_in(mounts, "/mnt/nas/db");
  CHECK(on_nas == Place{{}, "/mnt/nas/db", 40, "nfs:10.0.0.5", {}, false});
  CHECK(place_in(mounts, "/mnt/nasty") == Place{{}, "/mnt/nasty", 29, "254:1", {}, true});
  CHECK(place_in(MountList({}), "/a") == Place{{}, "/a", 0, {}, {}, false});
}

TEST_CASE("a filesystem is asked at the mount that stands for it, a volume on it at its path") {
  FilesystemFacts facts;
  facts.mount_point = "/mnt/nas";
  facts.mount_id = 40;
  facts.backing_device = "nfs:10.0.0.5";
  CHECK(place_of(facts) == Place{{}, "/mnt/nas", 40, "nfs:10.0.0.5", {}, false});
  CHECK(place_on(facts, "/mnt/nas/db") == Place{{}, "/mnt/nas/db", 40, "nfs:10.0.0.5", {}, false});
}

TEST_CASE("a path in a container is reached through its first process and bears its name") {
  ContainerFacts container;
  container.name = Label("web");
  container.pid = 42;
  CHECK(place_inside(container, "/run", "/host/proc") ==
        Place{"/host/proc/42/root", "/run", 0, {}, "web", false});
}

}  // namespace
}  // namespace volumeter::places_test
