// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/tree_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "exporter/sources/files.h"

namespace volumeter {
namespace {

// Nothing else is worth it: larger buffers were measured and gain nothing.
constexpr std::size_t kEntryBytes = 32 << 10;
constexpr std::uint64_t kBlockBytes = 512;  // the unit of st_blocks on Linux

// A directory that has been read, with its subdirectories that are still to be visited.
struct Frame {
  UniqueFd fd;
  std::string names;     // each ended by a NUL
  std::size_t next = 0;  // where in `names`

  bool is_done() const { return next == names.size(); }

  const char* take() {
    const char* name = names.data() + next;
    next += std::string_view(name).size() + 1;
    return name;
  }
};

// Removed or replaced between being listed and being looked at: a living tree, no error.
bool has_vanished(int number) { return number == ENOENT || number == ENOTDIR || number == ELOOP; }

bool is_self_or_parent(std::string_view name) { return name == "." || name == ".."; }

// O_NOATIME is for the owner and root (open(2)).
int open_subdirectory(int parent, const char* name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const int fd = ::openat(parent, name, kFlags | O_NOATIME);
  return fd < 0 && errno == EPERM ? ::openat(parent, name, kFlags) : fd;
}

// WallTime counts nanoseconds in 64 bits and ends in 2262; XFS and ext4 go further.
std::optional<WallTime> to_wall_time(const timespec& time) {
  constexpr std::int64_t kMaxSeconds = 9'000'000'000;
  if (time.tv_sec > kMaxSeconds || time.tv_sec < -kMaxSeconds) return {};
  return WallTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

class Walk {
 public:
  explicit Walk(const WalkProgress& progress) : progress_(progress) {}

  Result<TreeUsage> run(UniqueFd root) {
    struct stat info {};
    if (::fstat(root.get(), &info) != 0) return from_errno("fstat", errno);
    device_ = info.st_dev;
    count(info);
    read_entries(std::move(root));
    while (!open_.empty() && !given_up_) visit_next();
    if (given_up_) return Error{ErrorKind::kTimeout, "walk", "given up"};
    if (root_error_ != 0) return from_errno("getdents", root_error_);
    return usage_;
  }

 private:
  void visit_next() {
    Frame& top = open_.back();
    const char* name = top.take();
    UniqueFd child(open_subdirectory(top.fd.get(), name));
    if (!child && !has_vanished(errno)) ++usage_.errors;
    // Before the child takes its place, so that a long chain does not pile up descriptors.
    if (top.is_done()) open_.pop_back();
    if (child && is_on_device(child.get())) read_entries(std::move(child));
    report();
  }

  void report() {
    if (!progress_()) given_up_ = true;
  }

  // Between fstatat() and openat() something can have been mounted there.
  bool is_on_device(int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && info.st_dev == device_;
  }

  void read_entries(UniqueFd fd) {
    Frame frame{.fd = std::move(fd), .names = {}};
    while (!given_up_) {
      const ssize_t got = ::getdents64(frame.fd.get(), entries_.data(), entries_.size());
      if (got < 0) note_unreadable(errno);
      if (got <= 0) break;
      for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
        const auto* entry = reinterpret_cast<const dirent64*>(entries_.data() + at);
        if (!is_self_or_parent(entry->d_name)) look_at(frame, entry->d_name);
        at += entry->d_reclen;
      }
    }
    is_root_ = false;
    if (!frame.is_done()) open_.push_back(std::move(frame));
  }

  void note_unreadable(int number) {
    if (is_root_) root_error_ = number;
    if (!has_vanished(number)) ++usage_.errors;
  }

  void look_at(Frame& frame, const char* name) {
    struct stat info {};
    const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    if (::fstatat(frame.fd.get(), name, &info, flags) != 0) {
      if (!has_vanished(errno)) ++usage_.errors;
    } else if (info.st_dev == device_ && is_first_name(info)) {
      count(info);
      if (S_ISDIR(info.st_mode)) frame.names.append(name).push_back('\0');
    }
    report();
  }

  // One device only, so the inode number alone tells hard links.
  bool is_first_name(const struct stat& info) {
    return S_ISDIR(info.st_mode) || info.st_nlink < 2 || linked_.insert(info.st_ino).second;
  }

  void count(const struct stat& info) {
    usage_.apparent_bytes += static_cast<std::uint64_t>(std::max<off_t>(info.st_size, 0));
    usage_.allocated_bytes += static_cast<std::uint64_t>(info.st_blocks) * kBlockBytes;
    ++usage_.inodes;
    const auto modified = to_wall_time(info.st_mtim);
    if (modified && (!usage_.last_modified || *modified > *usage_.last_modified)) {
      usage_.last_modified = modified;
    }
  }

  const WalkProgress& progress_;
  alignas(dirent64) std::array<char, kEntryBytes> entries_;
  std::vector<Frame> open_;  // depth first: the last is visited next
  std::unordered_set<ino_t> linked_;
  TreeUsage usage_;
  dev_t device_ = 0;
  bool is_root_ = true;
  int root_error_ = 0;
  bool given_up_ = false;
};

}  // namespace

Result<TreeUsage> walk_tree(UniqueFd root, const WalkProgress& progress) {
  return Walk(progress).run(std::move(root));
}

}  // namespace volumeter
