// SPDX-License-Identifier: Apache-2.0
// What a volume is: its names and labels, where its data lies, its limit.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/inventory_bench.h"

namespace volumeter::volume_facts_test {
namespace {

using namespace test;
using Host = InventoryBench;

TEST_CASE("an anonymous volume is known by its label or by a name of 64 hex digits") {
  Host host;
  const std::string hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  host.docker.volumes = {local(hex), local(hex.substr(1)), local(hex.substr(1) + "g"),
                         local("labelled"), local("named")};
  host.docker.volumes[3].labels = {{"com.docker.volume.anonymous", ""}};
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, hex).anonymous);
  CHECK_FALSE(volume(inventory, hex.substr(1)).anonymous);
  CHECK_FALSE(volume(inventory, hex.substr(1) + "g").anonymous);
  CHECK(volume(inventory, "labelled").anonymous);
  CHECK_FALSE(volume(inventory, "named").anonymous);
}

TEST_CASE("only Compose names and labels of the allow list are kept") {
  Host host;
  host.docker.volumes = {local("db")};
  host.docker.volumes[0].labels = {{"com.docker.compose.project", "openclaw"},
                                   {"com.docker.compose.volume", "database"},
                                   {"team", "storage"},
                                   {"secret", "x"}};
  host.docker.containers = {running("a", {})};
  host.docker.containers[0].labels = {{"com.docker.compose.project", "openclaw"},
                                      {"com.docker.compose.service", "postgres"}};
  host.user_labels = {"team", "absent"};
  const Inventory inventory = host.inventory();
  const VolumeFacts& db = inventory.volumes.front();
  CHECK(db.compose_project == Label("openclaw"));
  CHECK(db.compose_volume == Label("database"));
  CHECK(db.user_labels == std::vector{std::pair(Label("team"), Label("storage"))});
  CHECK(inventory.containers.front().compose_project == Label("openclaw"));
  CHECK(inventory.containers.front().compose_service == Label("postgres"));
}

TEST_CASE("a volume without mountpoint or creation time has neither") {
  Host host;
  host.docker.volumes = {local("db"), local("plugin")};
  host.docker.volumes[0].created_at = from_unix_seconds(1700000000);
  host.docker.volumes[1].mountpoint = "";
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "db").created == 1700000000.0);
  CHECK_FALSE(volume(inventory, "plugin").created);
  CHECK_FALSE(volume(inventory, "plugin").filesystem);
  CHECK(volume(inventory, "plugin").path.empty());
}

TEST_CASE("a volume's release time is the newest end of its containers") {
  Host host;
  host.docker.volumes = {local("db"), local("new")};
  host.docker.containers = {stopped("a", {by_name("db")}), stopped("b", {by_name("db")}),
                            created("c", {by_name("new")})};
  host.docker.details["id-a"].finished_at = from_unix_seconds(2000);
  host.docker.details["id-b"].finished_at = from_unix_seconds(1000);
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "db").last_released == 2000.0);
  CHECK_FALSE(volume(inventory, "new").last_released);
}

// --- volumes with a mount of their own --------------------------------------------------

TEST_CASE("a local volume with a device has no filesystem until it is mounted") {
  Host host;
  host.docker.volumes = {local("nfs"), local("sized")};
  host.docker.volumes[0].options = {{"type", "nfs"}, {"device", ":/export"}};
  host.docker.volumes[1].options = {{"size", "10G"}};  // a quota, not a mount
  const Inventory before = host.inventory();
  CHECK(volume(before, "nfs").unmounted);
  CHECK_FALSE(volume(before, "nfs").filesystem);
  CHECK_FALSE(volume(before, "sized").unmounted);
  CHECK(volume(before, "sized").filesystem);

  host.mountinfo += "9 1 0:50 / " + kVolumes + "nfs/_data rw - nfs4 server:/export rw\n";
  const Inventory after = host.inventory();
  CHECK_FALSE(volume(after, "nfs").unmounted);
  REQUIRE(volume(after, "nfs").filesystem);
  CHECK(after.filesystems[*volume(after, "nfs").filesystem].device == Label("server:/export"));
}

TEST_CASE("a mount of its own is found behind a symbolic link to the folder of volumes") {
  Host host;
  host.docker.volumes = {local("nfs")};
  host.docker.volumes[0].options = {{"type", "nfs"}};
  host.links = {{"/var/lib/docker/volumes", "/srv/volumes"}};
  host.mountinfo += "9 3 0:50 / /srv/volumes/nfs/_data rw - nfs4 server:/export rw\n";
  CHECK_FALSE(host.inventory().volumes.front().unmounted);
}

TEST_CASE("a bind volume's data lies in its device directory, mounted or not") {
  Host host;
  host.docker.volumes = {local("bound")};
  host.docker.volumes[0].options = {{"type", "none"}, {"o", "bind"}, {"device", "/home/me/data"}};
  host.links = {{"/home/me/data", "/home/data"}};
  const auto check = [&] {
    const Inventory inventory = host.inventory();
    const VolumeFacts& bound = inventory.volumes.front();
    CHECK_FALSE(bound.unmounted);
    CHECK(bound.path == "/home/data");
    CHECK(bound.mountpoint == Label(kVolumes + "bound/_data"));
    REQUIRE(bound.filesystem);
    CHECK(inventory.filesystems[*bound.filesystem].mount_point == "/");
    CHECK_FALSE(bound.is_whole_filesystem);
  };
  check();
  host.mountinfo += "9 1 8:1 /home/data " + kVolumes + "bound/_data rw - ext4 /dev/sda1 rw\n";
  check();
}

TEST_CASE("a bind volume is in use by the containers that mount it, wherever its data lies") {
  Host host;
  host.docker.volumes = {local("bound")};
  host.docker.volumes[0].options = {{"o", "bind"}, {"device", "/srv/data"}};
  host.docker.containers = {running("a", {by_name("bound")})};
  CHECK(host.inventory().volumes.front().use == VolumeUse::kInUse);
  host.docker.containers = {running("a", {bound(kVolumes + "bound/_data")})};
  CHECK(host.inventory().volumes.front().use == VolumeUse::kInUse);
}

TEST_CASE("a volume is a whole filesystem if that filesystem's root is mounted on it") {
  Host host;
  host.docker.volumes = {local("own"), local("part"), local("plain"), local("sub")};
  for (auto& volume : host.docker.volumes) volume.options = {{"type", "x"}};
  host.docker.volumes[2].options = {};
  host.mountinfo += "7 1 0:50 / " + kVolumes + "own/_data rw - tmpfs tmpfs rw\n" + "8 1 8:2 /dir " +
                    kVolumes + "part/_data rw - xfs /dev/sda2 rw\n" + "9 1 0:51 / " + kVolumes +
                    "sub rw - tmpfs tmpfs rw\n";
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "own").is_whole_filesystem);
  CHECK_FALSE(volume(inventory, "part").is_whole_filesystem);
  CHECK_FALSE(volume(inventory, "plain").is_whole_filesystem);
  CHECK_FALSE(volume(inventory, "sub").is_whole_filesystem);
}

// What the mount of a volume of its own is taken for.
bool is_whole(const std::string& fstype, const std::string& source) {
  Host host;
  host.docker.volumes = {local("own")};
  host.mountinfo += "7 1 0:50 / " + kVolumes + "own/_data rw - " + fstype + " " + source + " rw\n";
  return host.inventory().volumes.front().is_whole_filesystem;
}

TEST_CASE("a filesystem that reports another one's usage is not a whole filesystem") {
  for (const std::string fstype : {"overlay", "fuse.sshfs", "virtiofs", "9p", "fuse", "ecryptfs",
                                   "fakeowner", "shiftfs", "vboxsf", "one of tomorrow"}) {
    CAPTURE(fstype);
    CHECK_FALSE(is_whole(fstype, "x"));
  }
}

TEST_CASE("a filesystem that counts for itself needs no block device to be a whole one") {
  for (const std::string fstype : {"tmpfs", "btrfs", "zfs", "nfs4", "cifs", "ceph"}) {
    CAPTURE(fstype);
    CHECK(is_whole(fstype, "tank/own"));
  }
}

TEST_CASE("a filesystem mounted below a volume is listed, and the volume stays on its own one") {
  Host host;
  const std::string blocks = kVolumes + "btc/_data/blocks";
  host.docker.volumes = {local("btc")};
  host.mountinfo += "8 1 8:9 / " + blocks + " rw - ext4 /dev/sdb rw\n" +
                    "9 1 8:10 / /elsewhere rw - ext4 /dev/sdc rw\n";
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 2);
  CHECK(inventory.filesystems[1].mount_point == blocks);
  REQUIRE(volume(inventory, "btc").filesystem);
  CHECK(inventory.filesystems[*volume(inventory, "btc").filesystem].mount_point == "/");
}

TEST_CASE("a volume's limit is read from its options") {
  Host host;
  host.docker.volumes = {local("plain"), local("sized")};
  host.docker.volumes[1].options = {{"size", "10k"}};
  const Inventory inventory = host.inventory();
  CHECK_FALSE(volume(inventory, "plain").limit_bytes);
  CHECK(volume(inventory, "sized").limit_bytes == 10240U);
}

}  // namespace
}  // namespace volumeter::volume_facts_test
