// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "tests/support/temp_folder.h"

namespace volumeter::files_test {
namespace {

using test::TempFolder;

std::string content(const Result<UniqueFd>& file) {
  REQUIRE(file);
  return read_to_end((*file).get(), "test", kMaxFileBytes).value();
}

TEST_CASE("a file is read to its end, whatever st_size is") {
  const TempFolder folder;
  const std::string text(100'000, 'x');
  CHECK(read_file(folder.write("a", text)).value() == text);
  CHECK(read_file(folder.write("empty", "")).value().empty());
  CHECK_FALSE(read_file("/proc/self/stat").value().empty());  // st_size is 0
}

TEST_CASE("a file above the limit is malformed, even an endless one") {
  const TempFolder folder;
  const std::string file = folder.write("a", "12345");
  CHECK(read_file(file, 5).value() == "12345");
  CHECK(read_file(file, 4).error().kind == ErrorKind::kMalformed);
  CHECK(read_file("/dev/zero").error().kind == ErrorKind::kMalformed);
}

TEST_CASE("a FIFO without a writer does not hang its reader") {
  const TempFolder folder;
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK(read_file(folder / "fifo").value().empty());
}

TEST_CASE("an errno becomes an error with the file name and a kind") {
  const auto missing = read_file("/nowhere/file");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::kNotFound);
  CHECK(missing.error().text() == "/nowhere/file: No such file or directory");
  CHECK(from_errno("x", EACCES).kind == ErrorKind::kPermission);
  CHECK(from_errno("x", ETIMEDOUT).kind == ErrorKind::kTimeout);
  CHECK(from_errno("x", ELOOP).kind == ErrorKind::kMalformed);
  CHECK(from_errno("x", EOPNOTSUPP).kind == ErrorKind::kUnsupported);
  CHECK(from_errno("x", EIO).kind == ErrorKind::kIo);
  CHECK(from_errno("x", ESRCH).kind == ErrorKind::kNotFound);  // of /proc/<pid>
  CHECK(from_errno("x", EMFILE).kind == ErrorKind::kNotAsked);
}

TEST_CASE("the names in a directory are sorted") {
  const TempFolder folder;
  folder.write("b", "");
  folder.write("a\n\xff", "");
  folder.write(".hidden", "");
  CHECK(list_dir(folder.path()).value() == std::vector<std::string>{".hidden", "a\n\xff", "b"});
  CHECK(list_dir(folder / "b").error().kind == ErrorKind::kNotFound);
}

TEST_CASE("read_link() returns the target") {
  const TempFolder folder;
  REQUIRE(::symlink("../x y", (folder / "link").c_str()) == 0);
  CHECK(read_link(folder / "link").value() == "../x y");
  CHECK_FALSE(read_link(folder.write("file", "")));
}

TEST_CASE("a symbolic link cannot escape the root directory") {
  const TempFolder folder;
  folder.write("root/etc/passwd", "inside");
  folder.write("passwd", "outside");
  REQUIRE(::symlink("/etc/passwd", (folder / "root/absolute").c_str()) == 0);
  REQUIRE(::symlink("../../../../passwd", (folder / "root/relative").c_str()) == 0);
  const std::string root = folder / "root";
  CHECK(content(open_in_root(root, "/absolute", O_RDONLY)) == "inside");
  CHECK(content(open_in_root(root, "/../etc/passwd", O_RDONLY)) == "inside");
  CHECK(open_in_root(root, "/relative", O_RDONLY).error().kind == ErrorKind::kNotFound);
  CHECK(content(open_in_root("/", folder / "passwd", O_RDONLY)) == "outside");
}

TEST_CASE("open_in_root() refuses relative paths and NUL bytes") {
  for (const std::string& path : {std::string(), std::string("etc"), std::string("/a\0b", 4)}) {
    CHECK(open_in_root("/", path, O_RDONLY).error().kind == ErrorKind::kMalformed);
  }
}

TEST_CASE("make_directories() creates missing parents") {
  const TempFolder folder;
  REQUIRE(make_directories(folder / "a/b/c"));
  REQUIRE(make_directories(folder / "a/b/c"));
  struct stat info {};
  REQUIRE(::stat((folder / "a/b/c").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0755);
  CHECK_FALSE(make_directories("/proc/nothing/here"));
}

TEST_CASE("a file is replaced atomically and no temporary file is left") {
  const TempFolder folder;
  REQUIRE(write_file_atomically(folder / "f", "old"));
  REQUIRE(write_file_atomically(folder / "f", "new"));
  CHECK(read_file(folder / "f").value() == "new");
  CHECK(list_dir(folder.path()).value() == std::vector<std::string>{"f"});
}

TEST_CASE("a file that cannot be replaced is unchanged") {
  const TempFolder folder;
  folder.make_folder("f");
  folder.write("f/inside", "kept");
  CHECK_FALSE(write_file_atomically(folder / "f", "new"));
  CHECK(list_dir(folder.path()).value() == std::vector<std::string>{"f"});
  CHECK_FALSE(write_file_atomically(folder / "missing/f", "new"));
}

}  // namespace
}  // namespace volumeter::files_test
