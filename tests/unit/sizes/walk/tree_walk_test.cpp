// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/tree_walk.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "exporter/sources/sizes/walk/file_handles.h"
#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::tree_walk_test {
namespace {

using test::TempFolder;
using Kind = TreeRecord::Kind;

UniqueFd open_folder(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

SpaceUsage walk(const std::string& path, WalkOptions options = {}) {
  const auto usage = walk_tree(open_folder(path), options);
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

// With the same sums from any number of threads.
void check_equals_du(const std::string& path) {
  const SpaceUsage usage = walk(path);
  CHECK(usage.method == SizeMethod::kWalk);
  CHECK(usage.apparent_bytes == du("--apparent-size -B1", path));
  CHECK(usage.allocated_bytes == du("-B1", path));
  CHECK(usage.inodes == du("--inodes", path));
  CHECK(usage.errors == 0);
  CHECK_FALSE(usage.limit_bytes);
  for (const unsigned threads : {2U, 8U}) CHECK(walk(path, {.threads = threads}) == usage);
}

// A chain of directories, by descriptors because its path is longer than PATH_MAX. Each
// gets some siblings.
void make_chain(const std::string& top, int levels, int siblings,
                const std::string& sibling = "sibling") {
  UniqueFd at = open_folder(top);
  for (int level = 0; level < levels; ++level) {
    for (int i = 0; i < siblings; ++i) {
      REQUIRE(::mkdirat(at.get(), (sibling + std::to_string(i)).c_str(), 0755) == 0);
    }
    REQUIRE(::mkdirat(at.get(), "level-down", 0755) == 0);
    at = UniqueFd(::openat(at.get(), "level-down", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(at);
  }
}

// Some of everything: files with and without data, hard links in several directories.
void make_mixed_tree(const TempFolder& folder) {
  for (int i = 0; i < 40; ++i) {
    const std::string at = "d" + std::to_string(i % 7) + "/e" + std::to_string(i);
    for (int j = 0; j < 30; ++j)
      folder.write(at + "/f" + std::to_string(j), std::string(static_cast<std::size_t>(j), 'x'));
    const std::string link = folder / ("d" + std::to_string(i % 7) + "/link" + std::to_string(i));
    REQUIRE(::link((folder / (at + "/f7")).c_str(), link.c_str()) == 0);
    folder.make_folder(at + "/empty");
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

// Another filesystem for as long as it lives.
class Mount {
 public:
  explicit Mount(std::string at) : at_(std::move(at)) {
    REQUIRE(::mount("volumeter", at_.c_str(), "tmpfs", 0, "size=64m") == 0);
  }
  ~Mount() { ::umount2(at_.c_str(), MNT_DETACH); }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;

 private:
  std::string at_;
};

// A folder that takes many thousand entries at once; without root it is slow.
class BigFolder {
 public:
  BigFolder() {
    if (::geteuid() == 0) mount_.emplace(folder_.path());
  }
  const std::string& path() const { return folder_.path(); }
  const TempFolder* operator->() const { return &folder_; }

 private:
  TempFolder folder_;
  std::optional<Mount> mount_;
};

WallTime day(int number) { return WallTime(std::chrono::hours(24) * number); }

void set_modified(const std::string& path, WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  const timespec both[2] = {{seconds.count(), 0}, {seconds.count(), 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), both, AT_SYMLINK_NOFOLLOW) == 0);
}

// The records of one call, and what its filesystem's handles are called here.
class Records {
 public:
  WalkOptions options(unsigned threads = 1) {
    return {.threads = threads, .now = now, .record = [this](const TreeRecord& record) {
              REQUIRE(mutex_.try_lock());  // one thread at a time
              all.push_back(record);
              mutex_.unlock();
            }};
  }

  std::vector<TreeRecord> of(Kind kind) const {
    std::vector<TreeRecord> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                 [kind](const TreeRecord& record) { return record.kind == kind; });
    return found;
  }

  WallTime now{};
  std::vector<TreeRecord> all;

 private:
  std::mutex mutex_;
};

using Bytes = std::vector<std::uint8_t>;

Bytes key(const DirectoryHandle& handle) { return {handle.bytes.begin(), handle.bytes.end()}; }

// By the same system call, but on paths.
DirectoryHandle handle_at(const std::string& path) {
  alignas(file_handle) char room[sizeof(file_handle) + DirectoryHandle::kMaxBytes] = {};
  auto* raw = reinterpret_cast<file_handle*>(room);
  raw->handle_bytes = DirectoryHandle::kMaxBytes;
  int mount = 0;
  REQUIRE(::name_to_handle_at(AT_FDCWD, path.c_str(), raw, &mount, 0) == 0);
  DirectoryHandle handle{.type = raw->handle_type, .size = raw->handle_bytes};
  std::copy_n(raw->f_handle, handle.size, handle.bytes.begin());
  return handle;
}

// Some filesystems have no handles that fit, as overlayfs.
bool require_handles_or_skip(const std::string& path) {
  alignas(file_handle) char room[sizeof(file_handle) + DirectoryHandle::kMaxBytes] = {};
  auto* raw = reinterpret_cast<file_handle*>(room);
  raw->handle_bytes = DirectoryHandle::kMaxBytes;
  int mount = 0;
  return ::name_to_handle_at(AT_FDCWD, path.c_str(), raw, &mount, 0) == 0 ||
         test::skip("needs a filesystem with handles in /tmp");
}

bool require_root_and_handles_or_skip(const std::string& path) {
  return test::require_root_or_skip() && require_handles_or_skip(path);
}

// The totals of directories and of each inode with several names once.
SpaceUsage sum_of(const std::vector<TreeRecord>& records) {
  SpaceUsage sum;
  sum.apparent_bytes = 0;
  sum.inodes = 0;
  std::set<std::uint64_t> linked;
  for (const TreeRecord& record : records) {
    if (record.kind == Kind::kLink && !linked.insert(record.inode).second) continue;
    *sum.apparent_bytes += record.apparent_bytes;
    sum.allocated_bytes += record.allocated_bytes;
    *sum.inodes += record.inodes;
  }
  return sum;
}

void check_sums_up(const std::vector<TreeRecord>& records, const SpaceUsage& usage) {
  const SpaceUsage sum = sum_of(records);
  CHECK(sum.apparent_bytes == usage.apparent_bytes);
  CHECK(sum.allocated_bytes == usage.allocated_bytes);
  CHECK(sum.inodes == usage.inodes);
}

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

TEST_CASE("the records of a walk sum up to its totals, however many threads made them") {
  const TempFolder folder;
  if (!require_handles_or_skip(folder.path())) return;
  make_mixed_tree(folder);
  for (int i = 0; i < 2000; ++i) folder.write("many/file" + std::to_string(i), "");
  for (const unsigned threads : {1U, 2U, 8U}) {
    Records records;
    const SpaceUsage usage = walk(folder.path(), records.options(threads));
    CHECK(usage == walk(folder.path()));
    check_sums_up(records.all, usage);
    CHECK(records.of(Kind::kDirectory).size() == usage.contents->directories);
    CHECK(records.of(Kind::kLink).size() == 80);
    CHECK(records.all.size() == usage.contents->directories + 80);
  }
}

TEST_CASE("the records of a walk are a tree") {
  const TempFolder folder;
  if (!require_handles_or_skip(folder.path())) return;
  folder.write("a/b/c/file", "hello");
  folder.write("a/file", "hello");
  Records records;
  walk(folder.path(), records.options());
  std::map<Bytes, TreeRecord> directories;
  for (const TreeRecord& record : records.of(Kind::kDirectory)) {
    CHECK(directories.emplace(key(record.handle), record).second);
  }
  REQUIRE(directories.size() == 4);
  CHECK(directories.at(key(handle_at(folder.path()))).parent.empty());
  CHECK(directories.at(key(handle_at(folder / "a"))).parent == handle_at(folder.path()));
  CHECK(directories.at(key(handle_at(folder / "a/b/c"))).parent == handle_at(folder / "a/b"));
  const TreeRecord a = directories.at(key(handle_at(folder / "a")));
  CHECK(a.inodes == 2);
  CHECK(a.allocated_bytes == du("-B1 -S", folder / "a"));
}

TEST_CASE("a directory is hot while something in it was modified a short time ago") {
  const TempFolder folder;
  if (!require_handles_or_skip(folder.path())) return;
  Records records;
  records.now = day(20'000);
  const std::vector<std::pair<std::string, std::chrono::seconds>> folders{
      {"old", std::chrono::seconds(-601)},
      {"recent", std::chrono::seconds(-599)},
      {"soon", std::chrono::seconds(599)},
      {"later", std::chrono::seconds(601)}};
  for (const auto& [name, age] : folders) {
    set_modified(folder.write(name + "/file", "x"), records.now + age);
    set_modified(folder / name, day(1));
  }
  walk(folder.path(), records.options());
  std::map<Bytes, bool> is_hot;
  for (const TreeRecord& record : records.all) is_hot[key(record.handle)] = record.is_hot;
  CHECK_FALSE(is_hot.at(key(handle_at(folder / "old"))));
  CHECK(is_hot.at(key(handle_at(folder / "recent"))));
  CHECK(is_hot.at(key(handle_at(folder / "soon"))));
  CHECK_FALSE(is_hot.at(key(handle_at(folder / "later"))));
}

TEST_CASE("a directory that cannot be opened has a record of itself") {
  const TempFolder folder;
  if (!require_handles_or_skip(folder.path())) return;
  make_chain(folder.path(), 60, 3);
  const FewDescriptors few(32);
  Records records;
  const SpaceUsage usage = walk(folder.path(), records.options());
  CHECK(usage.errors > 0);
  check_sums_up(records.all, usage);
}

TEST_CASE("records of a filesystem without handles are refused before it is walked") {
  Records records;
  WalkOptions options = records.options();
  bool walked = false;
  options.progress = [&](std::uint64_t) { return walked = true; };
  const auto usage = walk_tree(open_folder("/proc/self/fdinfo"), options);
  REQUIRE_FALSE(usage);
  CHECK(usage.error().kind == ErrorKind::kUnsupported);
  CHECK_FALSE(walked);
  CHECK(records.all.empty());
}

TEST_CASE("a second look tells what a directory holds and not what lies below it") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  const std::string linked = folder.write("d/linked", "hello");
  REQUIRE(::link(linked.c_str(), (folder / "d/sub1/../linked2").c_str()) == -1);
  folder.write("d/sub1/deep/file", "hello");
  folder.write("d/file", std::string(5000, 'x'));
  folder.make_folder("d/sub2");
  REQUIRE(::link(linked.c_str(), (folder / "d/sub2/linked").c_str()) == 0);
  const Mount other(folder.make_folder("d/mounted"));
  const std::vector<DirectoryHandle> asked{handle_at(folder / "d")};

  Records records;
  REQUIRE(look_again(open_folder(folder.path()), asked, records.options()));
  const auto directories = records.of(Kind::kDirectory);
  REQUIRE(directories.size() == 1);
  CHECK(directories[0].handle == asked[0]);
  CHECK(directories[0].parent.empty());
  CHECK(directories[0].inodes == 2);  // itself and the file

  std::set<Bytes> children;
  for (const TreeRecord& child : records.of(Kind::kChild)) {
    CHECK(child.parent == asked[0]);
    children.insert(key(child.handle));
  }
  CHECK(children == std::set{key(handle_at(folder / "d/sub1")), key(handle_at(folder / "d/sub2"))});

  const auto links = records.of(Kind::kLink);
  REQUIRE(links.size() == 1);
  CHECK(links[0].handle == asked[0]);
  CHECK(links[0].apparent_bytes == 5);
  CHECK(records.all.size() == 4);
}

TEST_CASE("second looks at all directories give what a walk gives") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  make_mixed_tree(folder);
  Records walked;
  const SpaceUsage usage = walk(folder.path(), walked.options());
  std::vector<DirectoryHandle> all;
  for (const TreeRecord& record : walked.of(Kind::kDirectory)) all.push_back(record.handle);
  for (const unsigned threads : {1U, 3U}) {
    Records records;
    REQUIRE(look_again(open_folder(folder.path()), all, records.options(threads)));
    CHECK(records.of(Kind::kChild).size() == all.size() - 1);
    std::erase_if(records.all,
                  [](const TreeRecord& record) { return record.kind == Kind::kChild; });
    CHECK(records.all.size() == walked.all.size());
    check_sums_up(records.all, usage);
  }
}

TEST_CASE("subtrees are walked from where they begin") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  make_mixed_tree(folder);
  const std::vector<DirectoryHandle> beginnings{handle_at(folder / "d1"),
                                                handle_at(folder / "d2/e2")};
  for (const unsigned threads : {1U, 3U}) {
    Records records;
    REQUIRE(walk_subtrees(open_folder(folder.path()), beginnings, records.options(threads)));
    std::uint64_t tops = 0;
    for (const TreeRecord& record : records.of(Kind::kDirectory)) {
      if (!record.parent.empty()) continue;
      CHECK(std::count(beginnings.begin(), beginnings.end(), record.handle) == 1);
      ++tops;
    }
    CHECK(tops == 2);
    CHECK(*sum_of(records.all).inodes ==
          *walk(folder / "d1").inodes + *walk(folder / "d2/e2").inodes);
  }
}

TEST_CASE("a directory that was removed is gone, even while somebody has it open") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  folder.write("stays/file", "x");
  const UniqueFd held = open_folder(folder.make_folder("held"));
  const std::vector<DirectoryHandle> asked{handle_at(folder.make_folder("removed")),
                                           handle_at(folder / "held"), handle_at(folder / "stays")};
  REQUIRE(::rmdir((folder / "removed").c_str()) == 0);
  REQUIRE(::rmdir((folder / "held").c_str()) == 0);
  for (const auto& ask : {look_again, walk_subtrees}) {
    Records records;
    REQUIRE(ask(open_folder(folder.path()), asked, records.options()));
    const auto gone = records.of(Kind::kGone);
    REQUIRE(gone.size() == 2);
    CHECK(gone[0].handle == asked[0]);
    CHECK(gone[1].handle == asked[1]);
    CHECK(records.of(Kind::kDirectory).size() == 1);
  }
}

TEST_CASE("a handle that makes no sense is gone or an error") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  DirectoryHandle wrong = handle_at(folder.path());
  wrong.bytes.fill(0xff);
  for (const std::uint32_t size : {0U, 1U, wrong.size, 20U, 4'000'000'000U}) {
    wrong.size = size;
    Records records;
    const auto looked = look_again(open_folder(folder.path()), {&wrong, 1}, records.options());
    CHECK((!looked || looked->errors == 1 || records.of(Kind::kGone).size() == 1));
  }
}

TEST_CASE("a directory whose inode number is given away at this moment is gone") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  const std::vector<std::string> paths{folder / "a", folder / "b", folder / "c", folder / "d"};
  std::atomic<bool> is_over = false;
  std::jthread churn([&] {
    for (int i = 0; i < 4'000; ++i) {
      const std::string& path = paths[static_cast<std::size_t>(i) % paths.size()];
      if (::mkdir(path.c_str(), 0755) != 0) ::rmdir(path.c_str());
      if (i % 3 == 0) ::rmdir(path.c_str());
    }
    is_over = true;
  });
  const UniqueFd root = open_folder(folder.path());
  std::map<std::string, DirectoryHandle> known;
  std::uint64_t errors = 0;
  while (!is_over) {
    for (const std::string& path : paths) {
      if (const auto handle = handle_of(AT_FDCWD, path.c_str())) known[path] = *handle;
    }
    for (const auto& [path, handle] : known) {
      Records records;
      const auto looked = look_again(root, {&handle, 1}, records.options());
      REQUIRE(looked);
      errors += looked->errors;
    }
  }
  CHECK(errors <= 3);  // a disk that is busy may take longer than we wait
}

TEST_CASE("second looks and subtrees can be given up") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  make_mixed_tree(folder);
  const std::vector<DirectoryHandle> asked{handle_at(folder / "d1"), handle_at(folder / "d2")};
  for (const auto& ask : {look_again, walk_subtrees}) {
    Records records;
    WalkOptions options = records.options(2);
    options.progress = [](std::uint64_t) { return false; };
    const auto done = ask(open_folder(folder.path()), asked, options);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::kTimeout);
  }
}

TEST_CASE("without the right to open by handle there is no second look") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  const DirectoryHandle handle = handle_at(folder.path());
  const UniqueFd root = open_folder(folder.path());
  Records records;
  REQUIRE(::seteuid(65534) == 0);
  const auto looked = look_again(root, {&handle, 1}, records.options());
  REQUIRE(::seteuid(0) == 0);
  REQUIRE_FALSE(looked);
  CHECK(looked.error().kind == ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace volumeter::tree_walk_test
