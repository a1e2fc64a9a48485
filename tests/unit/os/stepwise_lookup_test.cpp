// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/stepwise_lookup.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "tests/support/temp_folder.h"

namespace volumeter::stepwise_lookup_test {
namespace {

using test::TempFolder;

// What a lookup found: device and inode, or the errno.
std::string found(UniqueFd file, int number) {
  struct stat info {};
  if (!file) return "errno " + std::to_string(number);
  ::fstat(file.get(), &info);
  return std::to_string(info.st_dev) + " " + std::to_string(info.st_ino);
}

std::string by_kernel(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  UniqueFd file(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
  const int number = errno;
  return found(std::move(file), number);
}

std::string by_steps(int root, const std::string& path, int flags) {
  UniqueFd file = open_stepwise(root, path, flags);
  const int number = errno;
  return found(std::move(file), number);
}

// A directory with files, directories and all kinds of links, some of which lead out of it.
struct Tree {
  Tree() {
    folder.write("secret", "outside");
    folder.write("root/a/b/file", "inside");
    folder.write("root/secret", "inside");
    link("/a/b", "absolute");
    link("a/./b/", "relative");
    link("../../../../secret", "a/up");
    link("../secret", "a/beside");
    link("nowhere", "dangling");
    link("loop2", "loop1");
    link("loop1", "loop2");
    link("absolute", "chain");
    link("a/b/file/", "file_with_slash");
    root = UniqueFd(::open((folder / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }

  void link(const char* target, const std::string& name) const {
    REQUIRE(::symlink(target, (folder / "root/" + name).c_str()) == 0);
  }

  TempFolder folder;
  UniqueFd root;
};

TEST_CASE("a stepwise lookup finds what openat2(2) finds below the root directory") {
  const Tree tree;
  if (by_kernel(tree.root.get(), "/", O_PATH).starts_with("errno")) return;  // it is missing here
  const std::string paths[] = {"/",
                               "//",
                               "/.",
                               "/..",
                               "/../..",
                               "/a",
                               "/a/",
                               "/a/b/file",
                               "/a/b/file/",
                               "/a//b/./../b/file",
                               "/absolute",
                               "/absolute/",
                               "/relative",
                               "/absolute/file",
                               "/chain/file",
                               "/a/up",
                               "/a/beside",
                               "/dangling",
                               "/dangling/x",
                               "/loop1",
                               "/loop1/x",
                               "/secret/x",
                               "/nothing",
                               "/nothing/x",
                               "/file_with_slash",
                               "/absolute/../../secret",
                               "/relative/../../../secret",
                               "/a/b/../../../../secret",
                               "/" + std::string(300, 'n')};
  for (const std::string& path : paths) {
    for (const int flags :
         {O_PATH, O_PATH | O_NOFOLLOW, O_RDONLY, O_RDONLY | O_DIRECTORY, O_RDONLY | O_NOFOLLOW}) {
      CAPTURE(path, flags);
      CHECK(by_steps(tree.root.get(), path, flags) == by_kernel(tree.root.get(), path, flags));
    }
  }
}

}  // namespace
}  // namespace volumeter::stepwise_lookup_test
