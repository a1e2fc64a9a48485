// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>

#include "exporter/sources/sizes/walk/file_handles.h"
#include "exporter/sources/sizes/walk/mounted_devices.h"
#include "exporter/sources/sizes/walk/tree_walk.h"
#include "tests/support/hung_fuse.h"
#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::mounts_inside_test {
namespace {

using test::HungFuse;
using test::TempFolder;

UniqueFd open_folder(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

std::uint64_t du(const std::string& path) {
  const std::string command = "du -s -x -B1 '" + path + "' 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  unsigned long long number = 0;
  REQUIRE(std::fscanf(pipe.get(), "%llu", &number) == 1);
  return number;
}

std::uint64_t walked(const std::string& path) {
  const auto usage = walk_tree(open_folder(path), {});
  REQUIRE(usage);
  CHECK(usage->errors == 0);
  return usage->allocated_bytes;
}

// A mount for as long as it lives.
class Mount {
 public:
  Mount(const std::string& what, std::string at, const char* type, unsigned long flags)
      : at_(std::move(at)) {
    REQUIRE(::mount(what.c_str(), at_.c_str(), type, flags, nullptr) == 0);
  }
  ~Mount() { ::umount2(at_.c_str(), MNT_DETACH); }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;

 private:
  std::string at_;
};

Mount bind_mount(const std::string& what, const std::string& at) { return {what, at, "", MS_BIND}; }
Mount tmpfs(const std::string& at) { return {"volumeter", at, "tmpfs", 0}; }

TEST_CASE("a filesystem that hangs inside a tree is not asked for anything") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  folder.write("tree/file", std::string(5000, 'x'));
  const std::uint64_t before = walked(folder / "tree");
  HungFuse fuse(folder.make_folder("tree/nas"));
  fuse.hang();
  // The directory below the mount is no part of the sum: du -x does not count it either.
  CHECK(walked(folder / "tree") < before + 4096 + 1);
  CHECK(fuse.waiting() == 0);
}

TEST_CASE("a second look at a directory asks a filesystem that hangs in it for nothing") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  folder.write("tree/file", "x");
  folder.make_folder("tree/sub");
  const auto tree = open_folder(folder / "tree");
  const auto handle = handle_of(tree.get(), "");
  if (!handle) return;  // a filesystem without handles
  HungFuse fuse(folder.make_folder("tree/nas"));
  fuse.hang();
  WalkOptions options;
  std::size_t children = 0;
  options.record = [&](const TreeRecord& record) {
    children += record.kind == TreeRecord::Kind::kChild;
  };
  const std::vector<DirectoryHandle> asked{*handle};
  const auto usage = look_again(tree, asked, options);
  REQUIRE(usage);
  CHECK(usage->errors == 0);
  CHECK(children == 1);
  CHECK(fuse.waiting() == 0);
}

TEST_CASE("a file of another filesystem that is mounted on a file is not counted") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  const Mount other = tmpfs(folder.make_folder("other"));
  const std::string source = folder.write("other/large", std::string(500'000, 'x'));
  const std::string at = folder.write("tree/file", "x");
  const Mount file = bind_mount(source, at);
  CHECK(walked(folder / "tree") == du(folder / "tree"));
  CHECK(walked(folder / "tree") < 100'000);
}

TEST_CASE("bind mounts of the same filesystem are part of the tree, as for du") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  folder.write("elsewhere/sub/file", std::string(300'000, 'x'));
  folder.write("tree/file", "x");
  const Mount directory = bind_mount(folder / "elsewhere", folder.make_folder("tree/with space"));
  const Mount file =
      bind_mount(folder / "elsewhere/sub/file", folder.write("tree/other file", "x"));
  CHECK(walked(folder / "tree") == du(folder / "tree"));
  CHECK(walked(folder / "tree") > 300'000);
}

TEST_CASE("a bind mount of the same filesystem that another one covers is not entered") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  folder.write("elsewhere/file", std::string(300'000, 'x'));
  const std::string at = folder.make_folder("tree/mounted");
  const Mount lower = bind_mount(folder / "elsewhere", at);
  HungFuse fuse(at);
  fuse.hang();
  CHECK(walked(folder / "tree") < 100'000);
  CHECK(fuse.waiting() == 0);
}

TEST_CASE("an overlay of two filesystems is walked whole, though its files have other devices") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  const Mount lower = tmpfs(folder.make_folder("lower"));
  const Mount upper = tmpfs(folder.make_folder("upper"));
  folder.write("lower/sub/old", std::string(100'000, 'x'));
  folder.write("lower/two names", std::string(50'000, 'x'));
  REQUIRE(::link((folder / "lower/two names").c_str(), (folder / "lower/again").c_str()) == 0);
  folder.make_folder("upper/up");
  folder.make_folder("upper/work");
  const std::string options = "lowerdir=" + (folder / "lower") +
                              ",upperdir=" + (folder / "upper/up") +
                              ",workdir=" + (folder / "upper/work") + ",xino=off";
  const std::string at = folder.make_folder("tree");
  if (::mount("overlay", at.c_str(), "overlay", 0, options.c_str()) != 0) return;
  const Mount hidden = tmpfs(folder.make_folder("tree/sub/mounted"));
  folder.write("tree/sub/mounted/other", std::string(500'000, 'x'));
  folder.write("tree/sub/new", std::string(70'000, 'x'));
  for (const bool has_mounts_below : {true, false}) {
    const auto usage = walk_tree(open_folder(at), {.has_mounts_below = has_mounts_below});
    REQUIRE(usage);
    CHECK(usage->contents->files == 4 - 1);  // of "two names" one
    CHECK(usage->allocated_bytes >= 220'000);
    CHECK(usage->allocated_bytes < 300'000);
    CHECK(usage->errors == 0);
  }
  ::umount2((folder / "tree/sub/mounted").c_str(), MNT_DETACH);
  ::umount2(at.c_str(), MNT_DETACH);
}

TEST_CASE("lengths that sum up beyond 64 bits are the largest number, not a small one") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  const Mount mount = tmpfs(folder.make_folder("tree"));
  for (const char* file : {"tree/a", "tree/b", "tree/c"}) {
    folder.write(file, "");
    REQUIRE(::truncate((folder / file).c_str(), INT64_MAX) == 0);
  }
  std::uint64_t recorded = 0;
  WalkOptions options;
  options.record = [&](const TreeRecord& record) { recorded = record.apparent_bytes; };
  const auto usage = walk_tree(open_folder(folder / "tree"), options);
  REQUIRE(usage);
  CHECK(usage->apparent_bytes == UINT64_MAX);
  CHECK(usage->allocated_bytes < 1'000'000);
  CHECK(recorded == UINT64_MAX);
}

TEST_CASE("the tree may be a mount point itself") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  const Mount mount = tmpfs(folder.make_folder("tree"));
  folder.write("tree/sub/file", std::string(9000, 'x'));
  CHECK(walked(folder / "tree") == du(folder / "tree"));
}

TEST_CASE("the mount table gives the device of each mount point, the topmost last") {
  const MountedDevices devices = parse_mounted_devices(
      "22 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
      "30 22 0:45 /sub /mnt/with\\040space rw - tmpfs none rw\n"
      "31 30 8:17 / /mnt/with\\040space rw - ext4 /dev/sdb1 rw\n"
      "garbage\n"
      "32 22 x:y / /bad rw - tmpfs none rw\n"
      "33 22 1:2 /");
  CHECK(devices == MountedDevices{{"/", makedev(254, 1)}, {"/mnt/with space", makedev(8, 17)}});
  CHECK(parse_mounted_devices("").empty());
}

}  // namespace
}  // namespace volumeter::mounts_inside_test
