// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/changes/fanotify_feed.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::fanotify_feed_test {
namespace {

using test::TempFolder;
using Handles = std::vector<DirectoryHandle>;

DirectoryHandle handle_at(const std::string& path) {
  struct {
    std::uint32_t size = MAX_HANDLE_SZ;
    std::int32_t type = 0;
    std::array<std::uint8_t, MAX_HANDLE_SZ> bytes{};
  } answer;
  int mount = 0;
  REQUIRE(::name_to_handle_at(AT_FDCWD, path.c_str(), reinterpret_cast<file_handle*>(&answer),
                              &mount, 0) == 0);
  REQUIRE(answer.size <= DirectoryHandle::kMaxBytes);
  DirectoryHandle handle{.type = answer.type, .size = answer.size};
  std::copy_n(answer.bytes.begin(), answer.size, handle.bytes.begin());
  return handle;
}

UniqueFd open_directory(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

Result<UniqueFd> open_feed(const std::string& path) {
  const UniqueFd root = open_directory(path);
  REQUIRE(root);
  return open_change_feed(root.get());
}

// A filesystem of one's own, so that nobody else changes something there.
class OwnFilesystem {
 public:
  explicit OwnFilesystem(const std::string& type) {
    const std::string image = folder_ / "image";
    std::string command = "mount -t tmpfs tmpfs " + path();
    if (type != "tmpfs") {
      command = "truncate -s 512M " + image + " && mkfs." + type + " -q " + image +
                " && mount -o loop " + image + " " + path();
    }
    is_mounted_ = std::system(("{ " + command + "; } >/dev/null 2>&1").c_str()) == 0;
  }
  ~OwnFilesystem() {
    if (is_mounted_) ::umount2(path().c_str(), MNT_DETACH);
  }
  OwnFilesystem(const OwnFilesystem&) = delete;
  OwnFilesystem& operator=(const OwnFilesystem&) = delete;

  bool is_mounted() const { return is_mounted_; }
  const std::string& path() const { return path_; }

 private:
  TempFolder folder_;
  std::string path_ = folder_.make_folder("mounted");
  bool is_mounted_ = false;
};

// The feed of a filesystem, or none and why the test is skipped.
std::unique_ptr<ChangeFeed> feed_or_skip(const OwnFilesystem& files, const std::string& type) {
  if (!files.is_mounted()) {
    test::skip("cannot make and mount " + type);
    return nullptr;
  }
  auto feed = open_feed(files.path());
  if (!feed) {
    test::skip("no change feed on " + type + ": " + feed.error().text());
    return nullptr;
  }
  return make_change_feed(*std::move(feed));
}

TEST_CASE("a change on a real filesystem names the directory that it happened in") {
  if (!test::require_root_or_skip()) return;
  const std::string type = GENERATE("tmpfs", "ext4", "xfs", "btrfs");
  INFO(type);
  const OwnFilesystem files(type);
  const auto feed = feed_or_skip(files, type);
  if (!feed) return;
  const auto in = [&](const std::string& name) { return files.path() + "/" + name; };
  const auto expect = [&](const std::string& what, const std::vector<std::string>& directories) {
    INFO(what);
    Handles handles;
    for (const std::string& name : directories) handles.push_back(handle_at(in(name)));
    const auto changes = feed->drain();
    CHECK(changes.directories == handles);
    CHECK(changes.is_complete);
  };

  expect("nothing happened", {});
  REQUIRE(::mkdir(in("a").c_str(), 0755) == 0);
  REQUIRE(::mkdir(in("b").c_str(), 0755) == 0);
  expect("directories were made", {"."});
  REQUIRE(::mknod(in("a/file").c_str(), S_IFREG | 0644, 0) == 0);
  expect("a file was made", {"a"});
  REQUIRE(::rename(in("a/file").c_str(), in("b/file").c_str()) == 0);
  expect("a file was renamed", {"a", "b"});
  UniqueFd file(::open(in("b/file").c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::write(file.get(), "text", 4) == 4);
  expect("a file is being written", {});
  file.reset();
  expect("a file was written", {"b"});
  file.reset(::open(in("b/file").c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::ftruncate(file.get(), 1) == 0);
  file.reset();
  expect("a file was cut short", {"b"});
  REQUIRE(::chmod(in("b/file").c_str(), 0600) == 0);
  expect("a file's mode was changed", {"b"});
  REQUIRE(::link(in("b/file").c_str(), in("a/link").c_str()) == 0);
  expect("a file got another name", {"a"});
  REQUIRE(::unlink(in("b/file").c_str()) == 0);
  expect("a name was removed", {"b"});
  REQUIRE(::chmod(in("b").c_str(), 0700) == 0);
  expect("a directory's mode was changed", {"b"});

  const DirectoryHandle before = handle_at(in("b"));
  REQUIRE(::rename(in("b").c_str(), in("a/b").c_str()) == 0);
  expect("a directory was renamed", {".", "a"});
  CHECK(handle_at(in("a/b")) == before);
  REQUIRE(::rmdir(in("a/b").c_str()) == 0);
  expect("a directory was removed", {"a"});
}

TEST_CASE("many changes in a directory are one") {
  if (!test::require_root_or_skip()) return;
  const OwnFilesystem files("tmpfs");
  const auto feed = feed_or_skip(files, "tmpfs");
  if (!feed) return;
  for (int i = 0; i < 20000; ++i) {
    const std::string name = files.path() + "/" + std::to_string(i);
    REQUIRE(::mknod(name.c_str(), S_IFREG | 0644, 0) == 0);
  }
  const auto changes = feed->drain();
  CHECK(changes.is_complete);
  CHECK(changes.directories == Handles{handle_at(files.path())});
}

TEST_CASE("more changes than the kernel keeps are not complete, and the next ones are") {
  if (!test::require_root_or_skip()) return;
  int limit = 16384;
  std::ifstream("/proc/sys/fs/fanotify/max_queued_events") >> limit;  // since Linux 5.13
  if (limit > 100000 && !test::skip("the queue of events is long")) return;
  const OwnFilesystem files("tmpfs");
  const auto feed = feed_or_skip(files, "tmpfs");
  if (!feed) return;
  const auto name = [&](int i) { return files.path() + "/" + std::to_string(i); };
  for (int i = 0; i <= limit; ++i) REQUIRE(::mkdir(name(i).c_str(), 0755) == 0);
  CHECK(feed->drain().is_complete);
  for (int i = 0; i <= limit; ++i) REQUIRE(::chmod(name(i).c_str(), 0700) == 0);
  const auto many = feed->drain();
  CHECK_FALSE(many.is_complete);
  CHECK(many.directories.size() == static_cast<std::size_t>(limit));
  REQUIRE(::chmod(name(0).c_str(), 0755) == 0);
  const auto one = feed->drain();
  CHECK(one.is_complete);
  CHECK(one.directories == Handles{handle_at(name(0))});
}

TEST_CASE("a filesystem without handles has no change feed") {
  if (!test::require_root_or_skip()) return;
  const auto feed = open_feed("/proc");
  REQUIRE_FALSE(feed);
  CHECK(feed.error().kind == ErrorKind::kUnsupported);
}

TEST_CASE("nobody without privileges has a change feed") {
  if (!test::require_root_or_skip()) return;
  const UniqueFd root = open_directory("/tmp");
  const ::pid_t child = ::fork();
  if (child == 0) {
    if (::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    const auto feed = open_change_feed(root.get());
    ::_exit(!feed && feed.error().kind == ErrorKind::kPermission ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("a feed that cannot be read is not complete") {
  const auto feed = make_change_feed(UniqueFd(::open("/", O_RDONLY | O_CLOEXEC)));
  const auto changes = feed->drain();
  CHECK_FALSE(changes.is_complete);
  CHECK(changes.directories.empty());
}

}  // namespace
}  // namespace volumeter::fanotify_feed_test
