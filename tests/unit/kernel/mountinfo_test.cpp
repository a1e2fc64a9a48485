// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/mountinfo.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::mountinfo_test {
namespace {

Mount only(std::string_view line) {
  const auto parsed = parse_mountinfo(line);
  INFO(line);
  REQUIRE(parsed.bad == 0);
  REQUIRE(parsed.items.size() == 1);
  return parsed.items.front();
}

Mount mount(std::uint64_t id, std::uint64_t parent, std::string point) {
  Mount made;
  made.id = id;
  made.parent_id = parent;
  made.mount_point = std::move(point);
  return made;
}

std::uint64_t id_at(const MountList& list, std::string_view path) {
  const Mount* found = find_mount(list, path);
  return found == nullptr ? 0 : found->id;
}

TEST_CASE("a mount names what else it lies on: other devices, the upper directory of an overlay") {
  using Paths = std::vector<std::string>;
  const auto mounts = parse_mountinfo(
      "1 0 8:16 / /a rw - xfs /dev/sdb rw,attr2,logdev=/dev/sdd,rtdev=/dev/my\\040disk,noquota\n"
      "2 0 8:16 / /b rw - bcachefs /dev/sdb:/dev/sdc:/dev/sdd rw\n"
      "3 0 0:40 / /c rw - nfs nas:/dev/x rw,addr=10.0.0.5\n"
      "4 0 0:41 / /d rw - overlay overlay rw,lowerdir=/l,upperdir=/u\\040p,workdir=/w\n"
      "5 0 8:1 / /e rw - ext4 /dev/disk/by-path/pci-0000:00:1f.2-ata-1 rw,upperdir=/x\n"
      "6 0 8:2 / /f rw - xfs /dev/sda2 rw,logdev,rtdev=sdc,logdev=/dev/sdd\n");
  REQUIRE(mounts.items.size() == 6);
  CHECK(mounts.items[0].more_devices == Paths{"/dev/sdd", "/dev/my disk"});
  CHECK(mounts.items[1].more_devices == Paths{"/dev/sdc", "/dev/sdd"});
  CHECK(mounts.items[2].more_devices.empty());
  CHECK(mounts.items[2].server == "10.0.0.5");
  CHECK(mounts.items[3].upper_directory == "/u p");
  CHECK(mounts.items[4].more_devices.empty());
  CHECK(mounts.items[4].upper_directory.empty());
  CHECK(mounts.items[5].more_devices.empty());
}

TEST_CASE("all fields of the kernel's example line are parsed") {
  const Mount read =
      only("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n");
  CHECK(read.id == 36);
  CHECK(read.parent_id == 35);
  CHECK(read.device == DeviceNumber{98, 0});
  CHECK(read.root == "/mnt1");
  CHECK_FALSE(read.root_deleted);
  CHECK(read.mount_point == "/mnt2");
  CHECK(read.fstype == "ext3");
  CHECK(read.source == "/dev/root");
  CHECK_FALSE(read.readonly);
  CHECK_FALSE(read.super_readonly);
}

TEST_CASE("read-only mounts and read-only filesystems are distinguished") {
  CHECK(only("1 0 8:1 / / ro - ext4 /dev/sda1 rw").readonly);
  CHECK_FALSE(only("1 0 8:1 / / ro - ext4 /dev/sda1 rw").super_readonly);
  CHECK(only("1 0 8:1 / / rw,relatime - ext4 /dev/sda1 ro,errors=remount-ro").super_readonly);
}

TEST_CASE("the flags and the propagation of a mount are parsed") {
  const Mount flagged =
      only("1 0 8:1 / / rw,nosuid,nodev,noexec shared:3 master:1 - ext4 /dev/sda1 rw");
  CHECK((flagged.nosuid && flagged.nodev && flagged.noexec));
  CHECK((flagged.is_shared && flagged.is_slave));
  const Mount plain =
      only("1 0 8:1 / / rw,relatime unbindable propagate_from:2 - ext4 a rw,noexec");
  CHECK_FALSE((plain.nosuid || plain.nodev || plain.noexec));
  CHECK_FALSE((plain.is_shared || plain.is_slave));
}

TEST_CASE("a filesystem that stopped writing after an error is read-only") {
  CHECK(only("1 0 8:1 / / rw - ext4 /dev/sda1 rw,errors=remount-ro,emergency_ro").super_readonly);
  CHECK_FALSE(only("1 0 8:1 / / rw - ext4 /dev/sda1 rw,x=emergency_ro").super_readonly);
}

TEST_CASE("all octal escapes are decoded") {
  const Mount read = only(
      R"(1 0 8:1 /a\040b /mnt/tab\011nl\012back\134slash\043\303\244 rw - fuse.sshfs me@h:/x\040y rw)");
  CHECK(read.root == "/a b");
  CHECK(read.mount_point == "/mnt/tab\tnl\nback\\slash#\xC3\xA4");
  CHECK(read.fstype == "fuse.sshfs");
  CHECK(read.source == "me@h:/x y");
}

TEST_CASE("a backslash that is no escape is kept") {
  CHECK(only(R"(1 0 8:1 / /a\9b\04 rw - ext4 s\ rw)").mount_point == R"(/a\9b\04)");
  CHECK(only(R"(1 0 8:1 / /a\777 rw - ext4 s rw)").mount_point == R"(/a\777)");
}

TEST_CASE("blanks that are not escaped in the options of a superblock reject no line") {
  // Folders of Windows in WSL 2: the options hold paths as they are, with blanks and backslashes.
  const auto parsed = parse_mountinfo(
      R"(80 27 0:60 / /mnt/c rw - 9p C:\134 rw,dirsync,aname=drvfs;path=C:\;uid=1000,trans=fd)"
      "\n"
      R"(81 27 0:61 / /mnt/d ro - 9p C:\134Program\040Files rw,path=D:\ ;ro;x - y z,trans=virtio)"
      "\n");
  CHECK(parsed.bad == 0);
  REQUIRE(parsed.items.size() == 2);
  CHECK(parsed.items[0].source == R"(C:\)");
  CHECK(parsed.items[1].source == R"(C:\Program Files)");
  CHECK(parsed.items[1].fstype == "9p");
  CHECK(parsed.items[1].readonly);
  CHECK_FALSE(parsed.items[1].super_readonly);
}

TEST_CASE("a deleted root directory is recognized") {
  const Mount read = only("1 0 8:1 /dir//deleted /mnt rw - ext4 /dev/sda1 rw");
  CHECK(read.root == "/dir");
  CHECK(read.root_deleted);
}

TEST_CASE("any number of optional fields is accepted") {
  for (const std::string optional :
       {"", "shared:1 ", "shared:1 master:2 propagate_from:3 unbindable "}) {
    CHECK(only("1 0 0:35 / /run rw " + optional + "- tmpfs tmpfs rw").fstype == "tmpfs");
  }
}

TEST_CASE("an empty source does not shift other fields") {
  const Mount read = only("41 27 0:35 / /run/x ro,nosuid shared:9 - tmpfs  rw,size=1024k");
  CHECK(read.source.empty());
  CHECK(read.fstype == "tmpfs");
  CHECK(read.readonly);
  CHECK_FALSE(read.super_readonly);
}

TEST_CASE("the root of nsfs need not be a path") {
  CHECK(only("9 8 0:4 net:[4026532] /run/docker/netns/x rw - nsfs nsfs rw").root ==
        "net:[4026532]");
}

TEST_CASE("a malformed mountinfo line is rejected alone") {
  const auto parsed = parse_mountinfo(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "nonsense\n"
      "2 1 8:x / /a rw - ext4 /dev/sda2 rw\n"
      "-2 1 8:2 / /a rw - ext4 /dev/sda2 rw\n"
      "2 1 8:2 / relative rw - ext4 /dev/sda2 rw\n"
      "2 1 8:2 / /a rw ext4 /dev/sda2 rw\n"
      "99999999999999999999 1 8:2 / /a rw - ext4 s rw\n"
      "3 1 8:3 / /b rw - ext4 /dev/sda3 rw\n");
  CHECK(parsed.items.size() == 2);
  CHECK(parsed.bad == 6);
  CHECK(parsed.first_bad == "nonsense");
}

TEST_CASE("a truncated last line is rejected") {
  const std::string whole = "1 0 8:1 / /a rw,noatime master:1 - ext4 /dev/sda1 rw";
  for (std::size_t length = 1; length < whole.size(); ++length) {
    INFO(whole.substr(0, length));
    CHECK(parse_mountinfo(whole.substr(0, length)).items.empty());
  }
  CHECK(parse_mountinfo(whole).items.size() == 1);
}

TEST_CASE("a path belongs to the mount with the longest mount point above it") {
  const MountList list({mount(1, 0, "/"), mount(2, 1, "/data"), mount(3, 2, "/data/db")});
  CHECK(id_at(list, "/data/db/pg/base") == 3);
  CHECK(id_at(list, "/data/db/") == 3);
  CHECK(id_at(list, "/data/dbx") == 2);
  CHECK(id_at(list, "/database") == 1);
  CHECK(id_at(list, "/") == 1);
  CHECK(id_at(list, "") == 0);
  CHECK(id_at(list, "relative/path") == 0);
  CHECK(id_at(MountList({}), "/data") == 0);
}

TEST_CASE("the topmost of stacked mounts is found") {
  const MountList list({mount(1, 0, "/"), mount(2, 1, "/"), mount(3, 2, "/a"), mount(4, 3, "/a")});
  CHECK(id_at(list, "/") == 2);
  CHECK(id_at(list, "/a/b") == 4);
  CHECK(list.mounts().size() == 2);
}

TEST_CASE("of stacked mounts the top is seen, whatever their ids and their order") {
  // Propagated beneath an older mount (Linux 4.11), as a real host listed it.
  const MountList tucked({mount(27, 1, "/"), mount(463, 27, "/b"), mount(464, 498, "/b/x"),
                          mount(496, 464, "/b/x/sub"), mount(498, 463, "/b/x")});
  CHECK(id_at(tucked, "/b/x") == 464);
  CHECK(id_at(tucked, "/b/x/sub/y") == 496);
  // An older mount moved onto a newer one.
  const MountList moved({mount(27, 1, "/"), mount(700, 711, "/b"), mount(711, 27, "/b")});
  CHECK(id_at(moved, "/b") == 700);
  const MountList three(
      {mount(3, 2, "/a"), mount(2, 4, "/a"), mount(1, 0, "/"), mount(4, 1, "/a")});
  CHECK(id_at(three, "/a") == 3);
}

TEST_CASE("mounts that are each other's parents are not found") {
  const MountList circle({mount(1, 0, "/"), mount(2, 3, "/a"), mount(3, 2, "/a")});
  CHECK(id_at(circle, "/a") == 1);
}

TEST_CASE("a mount below a directory that was mounted over is not found") {
  const MountList list({mount(1, 0, "/"), mount(2, 1, "/mnt/a"), mount(3, 2, "/mnt/a/b"),
                        mount(4, 1, "/mnt"), mount(5, 4, "/mnt/c")});
  CHECK(id_at(list, "/mnt/a/b/x") == 4);
  CHECK(id_at(list, "/mnt/c") == 5);
  CHECK(list.mounts().size() == 3);
}

TEST_CASE("a mount whose parent is not listed is found") {
  const MountList list({mount(7, 1, "/"), mount(8, 3, "/data")});
  CHECK(id_at(list, "/data/x") == 8);
}

TEST_CASE("a cgroup v1 mount has its controllers") {
  const auto parsed = parse_mountinfo(
      "35 30 0:31 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio,net_prio\n"
      "36 30 0:32 / /sys/fs/cgroup/none rw - cgroup cgroup rw\n"
      "37 30 0:33 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n");
  REQUIRE(parsed.items.size() == 3);
  CHECK(parsed.items[0].controllers == "blkio,net_prio");
  CHECK(parsed.items[1].controllers.empty());
  CHECK(parsed.items[2].controllers.empty());
}

}  // namespace
}  // namespace volumeter::mountinfo_test
