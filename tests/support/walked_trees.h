// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "exporter/sources/sizes/walk/file_handles.h"
#include "exporter/sources/sizes/walk/tree_walk.h"
#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::test {

inline UniqueFd open_folder(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

inline SpaceUsage walk(const std::string& path, WalkOptions options = {}) {
  const auto usage = walk_tree(open_folder(path), options);
  REQUIRE(usage);
  return *usage;
}

inline std::uint64_t number_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  unsigned long long number = 0;
  REQUIRE(std::fscanf(pipe.get(), "%llu", &number) == 1);
  return number;
}

inline std::uint64_t du(const std::string& options, const std::string& path) {
  return number_of("du -s -x " + options + " '" + path + "' 2>/dev/null");
}

// As du --apparent-size, which leaves directories out since coreutils 9.2.
inline std::uint64_t apparent_bytes(const std::string& path) {
  return number_of(
      "find '" + path +
      "' -xdev -printf '%D %i %s\\n' 2>/dev/null | sort -u | awk -v device=$(stat -c %d '" + path +
      "') '$1 == device { sum += $3 } END { printf \"%.0f\", sum }'");
}

// With the same sums from any number of threads.
inline void check_equals_du(const std::string& path) {
  const SpaceUsage usage = walk(path);
  CHECK(usage.method == SizeMethod::kWalk);
  CHECK(usage.apparent_bytes == apparent_bytes(path));
  CHECK(usage.allocated_bytes == du("-B1", path));
  CHECK(usage.inodes == du("--inodes", path));
  CHECK(usage.errors == 0);
  CHECK_FALSE(usage.limit_bytes);
  for (const unsigned threads : {2U, 8U}) CHECK(walk(path, {.threads = threads}) == usage);
}

// A chain of directories, by descriptors because its path is longer than PATH_MAX. Each
// gets some siblings.
inline void make_chain(const std::string& top, int levels, int siblings,
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
inline void make_mixed_tree(const TempFolder& folder) {
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

inline WallTime day(int number) { return WallTime(std::chrono::hours(24) * number); }

inline void set_modified(const std::string& path, WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  const timespec both[2] = {{seconds.count(), 0}, {seconds.count(), 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), both, AT_SYMLINK_NOFOLLOW) == 0);
}

// The records of one call, and what its filesystem's handles are called here.
class WalkRecords {
 public:
  WalkOptions options(unsigned threads = 1) {
    return {.threads = threads, .now = now, .record = [this](const TreeRecord& record) {
              REQUIRE(mutex_.try_lock());  // one thread at a time
              all.push_back(record);
              mutex_.unlock();
            }};
  }

  std::vector<TreeRecord> of(TreeRecord::Kind kind) const {
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

inline Bytes key(const DirectoryHandle& handle) {
  return {handle.bytes.begin(), handle.bytes.end()};
}

// By the same system call, but on paths.
inline DirectoryHandle handle_at(const std::string& path) {
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
inline bool require_handles_or_skip(const std::string& path) {
  alignas(file_handle) char room[sizeof(file_handle) + DirectoryHandle::kMaxBytes] = {};
  auto* raw = reinterpret_cast<file_handle*>(room);
  raw->handle_bytes = DirectoryHandle::kMaxBytes;
  int mount = 0;
  return ::name_to_handle_at(AT_FDCWD, path.c_str(), raw, &mount, 0) == 0 ||
         test::skip("needs a filesystem with handles in /tmp");
}

inline bool require_root_and_handles_or_skip(const std::string& path) {
  return test::require_root_or_skip() && require_handles_or_skip(path);
}

// The totals of directories and of each inode with several names once.
inline SpaceUsage sum_of(const std::vector<TreeRecord>& records) {
  SpaceUsage sum;
  sum.apparent_bytes = 0;
  sum.inodes = 0;
  std::set<std::uint64_t> linked;
  for (const TreeRecord& record : records) {
    if (record.kind == TreeRecord::Kind::kLink && !linked.insert(record.inode).second) continue;
    *sum.apparent_bytes += record.apparent_bytes;
    sum.allocated_bytes += record.allocated_bytes;
    *sum.inodes += record.inodes;
  }
  return sum;
}

inline void check_sums_up(const std::vector<TreeRecord>& records, const SpaceUsage& usage) {
  const SpaceUsage sum = sum_of(records);
  CHECK(sum.apparent_bytes == usage.apparent_bytes);
  CHECK(sum.allocated_bytes == usage.allocated_bytes);
  CHECK(sum.inodes == usage.inodes);
}

}  // namespace volumeter::test
