// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/tree_walk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>
#include <thread>

#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter {
namespace {

using test::TempFolder;

UniqueFd open_folder(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

TreeUsage walk(const std::string& path) {
  const auto usage = walk_tree(open_folder(path), [] { return true; });
  REQUIRE(usage);
  return *usage;
}

std::uint64_t du(const std::string& options, const std::string& path) {
  const std::string command = "du -s -x " + options + " '" + path + "' 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  unsigned long long number = 0;
  REQUIRE(std::fscanf(pipe.get(), "%llu", &number) == 1);
  return number;
}

void check_equals_du(const std::string& path) {
  const TreeUsage usage = walk(path);
  CHECK(usage.apparent_bytes == du("--apparent-size -B1", path));
  CHECK(usage.allocated_bytes == du("-B1", path));
  CHECK(usage.inodes == du("--inodes", path));
  CHECK(usage.errors == 0);
}

// A chain of directories, by descriptors because its path is longer than PATH_MAX. Each
// gets some siblings.
void make_chain(const std::string& top, int levels, int siblings) {
  UniqueFd at = open_folder(top);
  for (int level = 0; level < levels; ++level) {
    for (int i = 0; i < siblings; ++i) {
      REQUIRE(::mkdirat(at.get(), ("sibling" + std::to_string(i)).c_str(), 0755) == 0);
    }
    REQUIRE(::mkdirat(at.get(), "level-down", 0755) == 0);
    at = UniqueFd(::openat(at.get(), "level-down", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(at);
  }
}

// Lowers the limit of open files for as long as it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t count) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lower{count, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &lower);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_CASE("the size of a tree is du's to the byte") {
  const TempFolder folder;
  folder.write("a", "hello");
  folder.write("sub/b", std::string(100'000, 'x'));
  folder.write("sub/deeper/c", "");
  folder.write("name with \n and \xff\xfe and '", "odd");
  folder.write("-rf", "odd");
  folder.make_folder("empty");
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
  CHECK(walk(folder.path()).inodes == 6);
}

TEST_CASE("many entries in one directory are all counted") {
  const TempFolder folder;
  folder.make_folder("many");
  for (int i = 0; i < 5000; ++i) folder.write("many/file" + std::to_string(i), "x");
  for (int i = 0; i < 500; ++i) folder.make_folder("many/folder" + std::to_string(i));
  check_equals_du(folder.path());
  CHECK(walk(folder.path()).inodes == 5502);
}

TEST_CASE("a tree of 1200 levels is walked with a handful of descriptors") {
  const TempFolder folder;
  make_chain(folder.path(), 1200, 0);
  check_equals_du(folder.path());
  const FewDescriptors few(16);
  CHECK(walk(folder.path()).inodes == 1201);
}

TEST_CASE("where descriptors run out, directories are errors and the walk goes on") {
  const TempFolder folder;
  make_chain(folder.path(), 100, 6);
  check_equals_du(folder.path());
  const FewDescriptors few(32);
  const TreeUsage usage = walk(folder.path());
  CHECK(usage.errors > 0);
  CHECK(usage.inodes > 100);
}

TEST_CASE("a directory that may not be read is an error, and counted itself") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  folder.write("secret/inside", std::string(9000, 'x'));
  folder.write("open", "x");
  REQUIRE(::chmod((folder / "secret").c_str(), 0700) == 0);
  UniqueFd root = open_folder(folder.path());
  REQUIRE(::seteuid(65534) == 0);
  const auto usage = walk_tree(std::move(root), [] { return true; });
  REQUIRE(::seteuid(0) == 0);
  REQUIRE(usage);
  CHECK(usage->errors == 1);
  CHECK(usage->inodes == 3);
}

TEST_CASE("what vanishes during the walk is no error") {
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
  for (int i = 0; i < 500; ++i) errors += walk(folder.path()).errors;
  done = true;
  churn.join();
  CHECK(errors == 0);
  check_equals_du(folder.path());
}

TEST_CASE("a filesystem mounted inside is not entered, even if its inode numbers are the same") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  for (const char* name : {"outer", "outer/inner"}) {
    const std::string at = folder.make_folder(name);
    REQUIRE(::mount("volumeter", at.c_str(), "tmpfs", 0, "size=1m") == 0);
    const std::string file = folder.write(std::string(name) + "/file", std::string(9000, 'x'));
    REQUIRE(::link(file.c_str(), (file + "2").c_str()) == 0);
  }
  check_equals_du(folder / "outer");
  check_equals_du(folder / "outer/inner");
  CHECK(walk(folder / "outer").inodes == 2);
  CHECK(walk(folder.path()).inodes == 1);
  CHECK(::umount((folder / "outer/inner").c_str()) == 0);
  CHECK(::umount((folder / "outer").c_str()) == 0);
}

TEST_CASE("the newest change of any entry is kept") {
  const TempFolder folder;
  const std::string file = folder.write("sub/file", "x");
  const timespec future[2] = {{2'000'000'000, 0}, {2'000'000'000, 500'000'000}};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), future, 0) == 0);
  CHECK(unix_seconds(walk(folder.path()).last_modified.value()) == 2'000'000'000.5);
}

TEST_CASE("a walk that nobody waits for is given up") {
  const TempFolder folder;
  folder.write("a/b", "x");
  folder.write("c", "x");
  int calls = 0;
  const auto usage = walk_tree(open_folder(folder.path()), [&] { return ++calls < 2; });
  CHECK_FALSE(usage);
  CHECK(calls == 2);
}

TEST_CASE("a root that cannot be read is an error") {
  CHECK_FALSE(walk_tree(UniqueFd(), [] { return true; }));
  const TempFolder folder;
  const std::string file = folder.write("file", "x");
  CHECK_FALSE(walk_tree(UniqueFd(::open(file.c_str(), O_RDONLY)), [] { return true; }));
}

}  // namespace
}  // namespace volumeter
