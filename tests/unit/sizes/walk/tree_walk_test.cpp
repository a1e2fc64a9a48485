// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/tree_walk.h"

#include <malloc.h>

#include <atomic>
#include <thread>

#include "tests/support/walked_trees.h"

namespace volumeter::tree_walk_test {
namespace {

using namespace test;

TEST_CASE("the size of a tree is du's to the byte") {
  const TempFolder folder;
  folder.write("a", "hello");
  folder.write("sub/b", std::string(100'000, 'x'));
  folder.write("sub/deeper/c", "");
  folder.write("name with \n and \xff\xfe and '", "odd");
  folder.write("-rf", "odd");
  folder.make_folder("empty");
  folder.make_folder(std::string(255, 'n'));
  check_equals_du(folder.path());
}

TEST_CASE("an empty directory has the size of itself") {
  const TempFolder folder;
  check_equals_du(folder.path());
  CHECK(walk(folder.path()).inodes == 1);
}

TEST_CASE("a hard link counts once, wherever its names are") {
  const TempFolder folder;
  const std::string file = folder.write("one", std::string(50'000, 'x'));
  folder.make_folder("sub");
  for (int i = 0; i < 50; ++i) {
    REQUIRE(::link(file.c_str(), (folder / ("sub/link" + std::to_string(i))).c_str()) == 0);
  }
  check_equals_du(folder.path());
  CHECK(walk(folder.path()).inodes == 3);
}

TEST_CASE("many hard links count once each") {
  const TempFolder folder;
  for (int i = 0; i < 20; ++i) folder.make_folder("sub" + std::to_string(i));
  for (int i = 0; i < 500; ++i) {
    const std::string name = "/file" + std::to_string(i);
    const std::string file = folder.write("sub0" + name, "x");
    for (int j = 1; j < 20; ++j) {
      REQUIRE(::link(file.c_str(), (folder / ("sub" + std::to_string(j) + name)).c_str()) == 0);
    }
  }
  check_equals_du(folder.path());
  CHECK(walk(folder.path()).inodes == 521);
}

TEST_CASE("a sparse file is long and takes no room") {
  const TempFolder folder;
  const std::string file = folder.write("sparse", "x");
  REQUIRE(::truncate(file.c_str(), off_t{1} << 40) == 0);
  check_equals_du(folder.path());
  CHECK(walk(folder.path()).apparent_bytes > std::uint64_t{1} << 40);
}

TEST_CASE("symbolic links, FIFOs and sockets are counted and not followed") {
  const TempFolder folder;
  REQUIRE(::symlink(".", (folder / "loop").c_str()) == 0);
  REQUIRE(::symlink("/usr", (folder / "away").c_str()) == 0);
  REQUIRE(::symlink(std::string(3000, 'x').c_str(), (folder / "long").c_str()) == 0);
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0644) == 0);
  REQUIRE(::mknod((folder / "socket").c_str(), S_IFSOCK | 0644, 0) == 0);
  check_equals_du(folder.path());
  const TreeContents contents = walk(folder.path()).contents.value();
  CHECK(contents.directories == 1);
  CHECK(contents.symlinks == 3);
  CHECK(contents.others == 2);
  CHECK(contents.device_nodes == 0);
}

TEST_CASE("many entries in one directory are all counted") {
  const BigFolder folder;
  folder->make_folder("many");
  for (int i = 0; i < 5000; ++i) folder->write("many/file" + std::to_string(i), "x");
  for (int i = 0; i < 3000; ++i) folder->make_folder("many/folder" + std::to_string(i));
  check_equals_du(folder.path());
  CHECK(walk(folder.path()).inodes == 8002);
}

TEST_CASE("a tree of 1200 levels is walked with a handful of descriptors") {
  const BigFolder folder;
  make_chain(folder.path(), 1200, 0);
  check_equals_du(folder.path());
  const FewDescriptors few(16);
  CHECK(walk(folder.path()).inodes == 1201);
}

TEST_CASE("where descriptors run out, directories are errors and the walk goes on") {
  const BigFolder folder;
  make_chain(folder.path(), 100, 6);
  check_equals_du(folder.path());
  const FewDescriptors few(32);
  CHECK(walk(folder.path()).errors > 0);
  CHECK(walk(folder.path()).inodes > 100U);
  CHECK(walk(folder.path(), {.threads = 2}).inodes > 100U);  // it may even get along
}

// Counts what the C library gave out, so it sees nothing under a sanitizer.
TEST_CASE("memory does not grow with what waits to be visited") {
  const BigFolder folder;
  make_chain(folder.path(), 400, 60, std::string(240, 's'));  // 5.8 MB of names
  const std::size_t before = ::mallinfo2().uordblks;
  std::size_t most = before;
  const auto measure = [&](std::uint64_t) {
    most = std::max(most, ::mallinfo2().uordblks);
    return true;
  };
  CHECK(walk(folder.path(), {.progress = measure}).inodes == 24'401U);
  CHECK(most - before < std::size_t{3} << 20);
}

TEST_CASE("a directory that may not be read is an error, and counted itself") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  folder.write("secret/inside", std::string(9000, 'x'));
  folder.write("open", "x");
  REQUIRE(::chmod((folder / "secret").c_str(), 0700) == 0);
  UniqueFd root = open_folder(folder.path());
  REQUIRE(::seteuid(65534) == 0);
  const auto usage = walk_tree(std::move(root), {});
  REQUIRE(::seteuid(0) == 0);
  REQUIRE(usage);
  CHECK(usage->errors == 1);
  CHECK(usage->inodes == 3U);
  CHECK(usage->contents->directories == 2);
}

TEST_CASE("what vanishes or changes its type during the walk is no error") {
  const TempFolder folder;
  for (int i = 0; i < 20; ++i) folder.make_folder("d" + std::to_string(i));
  std::atomic<bool> done = false;
  std::thread churn([&] {
    for (int round = 0; !done; ++round) {
      const std::string at = "d" + std::to_string(round % 20);
      folder.write(at + "/sub/file", "x");
      ::unlink((folder / (at + "/sub/file")).c_str());
      ::rmdir((folder / (at + "/sub")).c_str());
      ::symlink("/", (folder / (at + "/sub")).c_str());  // a directory turned into a link
      ::unlink((folder / (at + "/sub")).c_str());
    }
  });
  std::uint64_t errors = 0;
  std::uint64_t most = 0;
  for (unsigned i = 0; i < 500; ++i) {
    const SpaceUsage usage = walk(folder.path(), {.threads = 1 + i % 2});
    errors += usage.errors;
    most = std::max(most, usage.inodes.value());
  }
  done = true;
  churn.join();
  CHECK(errors == 0);
  CHECK(most < 100);  // nothing behind the link
  check_equals_du(folder.path());
}

TEST_CASE("a filesystem mounted inside is not entered, even if its inode numbers are the same") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  const Mount outer(folder.make_folder("outer"));
  const Mount inner(folder.make_folder("outer/inner"));
  for (const char* name : {"outer/file", "outer/inner/file"}) {
    const std::string file = folder.write(name, std::string(9000, 'x'));
    REQUIRE(::link(file.c_str(), (file + "2").c_str()) == 0);
  }
  check_equals_du(folder / "outer");
  check_equals_du(folder / "outer/inner");
  CHECK(walk(folder / "outer").inodes == 2U);
  CHECK(walk(folder.path()).inodes == 1U);
}

TEST_CASE("the newest change of any entry is kept") {
  const TempFolder folder;
  const std::string file = folder.write("sub/file", "x");
  const timespec future[2] = {{2'000'000'000, 0}, {2'000'000'000, 500'000'000}};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), future, 0) == 0);
  CHECK(unix_seconds(walk(folder.path()).last_modified.value()) == 2'000'000'000.5);
}

TEST_CASE("inodes are told apart by their kind") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  folder.write("sub/small", "x");
  folder.write("sub/large", std::string(12'345, 'x'));
  REQUIRE(::chmod(folder.write("setuid", "x").c_str(), 04755) == 0);
  REQUIRE(::chmod(folder.make_folder("setuid-folder").c_str(), 04755) == 0);
  REQUIRE(::mknod((folder / "null").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0);
  REQUIRE(::mknod((folder / "disk").c_str(), S_IFBLK | 0600, makedev(7, 200)) == 0);
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  check_equals_du(folder.path());
  const TreeContents contents = walk(folder.path()).contents.value();
  CHECK(contents.files == 3);
  CHECK(contents.directories == 3);
  CHECK(contents.others == 3);
  CHECK(contents.device_nodes == 2);
  CHECK(contents.setuid_files == 1);
  CHECK(contents.largest_file_bytes == 12'345);
}

TEST_CASE("allocated bytes are told apart by their age") {
  const TempFolder folder;
  const WallTime now = day(20'000);
  const std::vector<int> ages{0, 7, 8, 31, 100, 1000};
  for (const int age : ages) {
    set_modified(folder.write("age" + std::to_string(age), std::string(4096, 'x')),
                 day(20'000 - age));
  }
  set_modified(folder.path(), now);
  const std::uint64_t file = du("-B1", folder / "age0");
  const TreeContents contents = walk(folder.path(), {.now = now}).contents.value();
  CHECK(contents.old_bytes == std::array<std::uint64_t, 4>{5 * file, 3 * file, 2 * file, file});
}

TEST_CASE("a walk that nobody waits for is given up") {
  const TempFolder folder;
  make_mixed_tree(folder);
  for (const unsigned threads : {1U, 2U, 8U}) {
    std::atomic<unsigned> calls = 0;
    const auto give_up = [&](std::uint64_t) { return ++calls < 5; };
    const auto usage =
        walk_tree(open_folder(folder.path()), {.threads = threads, .progress = give_up});
    REQUIRE_FALSE(usage);
    CHECK(usage.error().kind == ErrorKind::kTimeout);
    CHECK(calls < 5 + threads);
  }
}

TEST_CASE("progress tells of every entry, often") {
  const TempFolder folder;
  make_mixed_tree(folder);
  for (int i = 0; i < 1500; ++i) folder.write("many/file" + std::to_string(i), "");
  std::atomic<std::uint64_t> entries = 0;
  std::atomic<std::uint64_t> most = 0;
  const auto take = [&](std::uint64_t some) {
    entries += some;
    if (some > most) most = some;
    return true;
  };
  const SpaceUsage usage = walk(folder.path(), {.threads = 2, .progress = take});
  CHECK(entries >= usage.inodes.value() - 1);
  CHECK(most <= 256);
}

TEST_CASE("a root that cannot be read is an error") {
  CHECK_FALSE(walk_tree(UniqueFd(), {}));
  const TempFolder folder;
  const std::string file = folder.write("file", "x");
  CHECK_FALSE(walk_tree(UniqueFd(::open(file.c_str(), O_RDONLY)), {}));
  UniqueFd removed = open_folder(folder.make_folder("removed"));
  REQUIRE(::rmdir((folder / "removed").c_str()) == 0);
  CHECK_FALSE(walk_tree(std::move(removed), {}));
}

}  // namespace
}  // namespace volumeter::tree_walk_test
