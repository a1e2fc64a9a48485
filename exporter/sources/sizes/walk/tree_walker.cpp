// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/tree_walker.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "exporter/base/saturating.h"
#include "exporter/sources/os/files.h"
#include "exporter/sources/sizes/walk/file_handles.h"

namespace volumeter {
namespace {

// Between two reports of progress.
constexpr std::size_t kReportedEntries = 128;

// Names of subdirectories that all threads together may keep while they still read whole
// pieces of directories; above it they go on with small ones.
constexpr std::size_t kMaxPendingBytes = 1 << 20;

// No error: removed or replaced since it was listed, as happens in a living tree, or another
// filesystem is mounted there (EXDEV), which is no part of it.
bool is_no_error(int number) {
  return number == ENOENT || number == ENOTDIR || number == ELOOP || number == EXDEV;
}

// Several threads may read one directory.
void add_to(std::atomic<std::uint64_t>& sum, std::uint64_t more) {
  std::uint64_t before = sum.load();
  while (!sum.compare_exchange_weak(before, saturating_add(before, more))) {
  }
}

// A handle may find a directory that is still open somewhere and has no name any more. Of what was
// found by its name a link count of 0 says nothing: FUSE clients and NFS servers leave it out.
bool is_removed(const UniqueFd& directory) {
  struct stat info {};
  return ::fstat(directory.get(), &info) == 0 && info.st_nlink == 0;
}

}  // namespace

TreeWalker::TreeWalker(WalkJob& job)
    : job_(job), sums_(job.options().now), max_pending_bytes_(kMaxPendingBytes / job.threads()) {}

void TreeWalker::run() {
  while (!job_.pool().is_stopped()) {
    if (!tasks_.empty()) {
      continue_newest();
    } else if (!begin_next()) {
      auto task = job_.pool().take();
      if (!task) return;
      push(std::move(*task));
    }
  }
}

void TreeWalker::begin_at_root(UniqueFd root) {
  auto directory = enter(std::move(root), {});
  if (!directory) return job_.fail({ErrorKind::kIo, "walk", "the directory cannot be looked at"});
  directory->is_root = true;
  push({.directory = std::move(directory)});
}

// False if there are no more beginnings.
bool TreeWalker::begin_next() {
  const DirectoryHandle* handle = job_.next_beginning();
  if (handle == nullptr) return false;
  UniqueFd fd = open_handle(job_.filesystem(), *handle);
  if (!fd && errno != ESTALE && !is_no_error(errno)) {
    // Without the right to it none can be opened.
    if (errno == EPERM) {
      job_.fail({ErrorKind::kUnsupported, "open_by_handle_at", "needs CAP_DAC_READ_SEARCH"});
    }
    sums_.add_error();
    return true;
  }
  auto directory = fd && !is_removed(fd) ? enter(std::move(fd), {}) : nullptr;
  if (directory) {
    read_on(std::move(directory));
  } else {
    job_.record({.kind = TreeRecord::Kind::kGone, .handle = *handle});
  }
  return true;
}

void TreeWalker::continue_newest() {
  if (!tasks_.back().is_reading()) return visit_next();
  auto directory = std::move(tasks_.back().directory);
  tasks_.pop_back();
  read_on(std::move(directory));
}

void TreeWalker::visit_next() {
  WalkTask& newest = tasks_.back();
  const std::size_t before = newest.next;
  auto child = open_child(*newest.directory, newest.take_name());
  pending_bytes_ -= newest.next - before;
  // Before the child is read, so that a long chain does not pile up descriptors.
  if (newest.is_done()) tasks_.pop_back();
  offer_work();
  report(1);
  if (child) read_on(std::move(child));
}

std::shared_ptr<OpenDirectory> TreeWalker::open_child(const OpenDirectory& parent,
                                                      const char* name) {
  UniqueFd fd = job_.entries().open_directory(parent.fd.get(), name);
  if (fd) return enter(std::move(fd), parent.handle);
  const int number = errno;
  note_error(number);
  // That it is a directory was said by the listing, which on some filesystems (FUSE) is wrong.
  if (number == ENOTDIR || !is_no_error(number)) count_closed(parent, name);
  return nullptr;
}

// Nothing if it is of another filesystem, mounted there since somebody looked.
std::shared_ptr<OpenDirectory> TreeWalker::enter(UniqueFd fd, const DirectoryHandle& parent) {
  const auto found = job_.entries().look(fd);
  if (!found) return nullptr;
  const struct stat& info = *found;
  auto directory = std::make_shared<OpenDirectory>();
  if (job_.records()) {
    const auto handle = find_handle(fd.get());
    if (!handle) return nullptr;
    now_ = job_.now();
    directory->handle = *handle;
    directory->parent = parent;
    directory->apparent_bytes = apparent_bytes_of(info);
    directory->allocated_bytes = allocated_bytes_of(info);
    directory->inodes = 1;
    directory->is_hot = is_hot(info);
  }
  directory->fd = std::move(fd);
  sums_.add(info);
  return directory;
}

// What cannot be opened is an inode all the same.
void TreeWalker::count_closed(const OpenDirectory& parent, const char* name) {
  const UniqueFd entry = job_.entries().open(parent.fd.get(), name);
  const auto found = entry ? job_.entries().look(entry) : std::nullopt;
  if (!found) return;
  const struct stat& info = *found;
  if (!S_ISDIR(info.st_mode)) {
    OwnSums own;
    return count(info, parent, own);
  }
  sums_.add(info);
  if (!job_.records()) return;
  const auto handle = find_handle(entry.get());
  if (!handle) return;
  job_.record({.is_hot = is_hot(info),
               .handle = *handle,
               .parent = parent.handle,
               .apparent_bytes = apparent_bytes_of(info),
               .allocated_bytes = allocated_bytes_of(info),
               .inodes = 1});
}

// Reads until the end or until there are enough subdirectories to visit first: so what is
// kept of a directory is bounded, however large it is.
void TreeWalker::read_on(std::shared_ptr<OpenDirectory> directory) {
  names_.clear();
  reading_ = directory;
  while (reading_ && read_piece(*directory)) look_at_piece(*directory);
  if (reading_) push({.directory = std::move(reading_)});
  reading_.reset();
  if (!names_.empty()) push({.directory = std::move(directory), .names = names_});
}

// False if there is nothing to look at, or enough was read.
bool TreeWalker::read_piece(OpenDirectory& directory) {
  const bool is_crowded = pending_bytes_ > max_pending_bytes_;
  const std::size_t bytes = is_crowded ? DirectoryReader::kMinBytes : DirectoryReader::kMaxBytes;
  if (names_.size() >= bytes || job_.pool().is_stopped()) return false;
  const int number = reader_.read(directory.fd.get(), bytes);
  if (number == 0 && !reader_.is_at_end()) return true;
  reading_.reset();
  if (number != 0 && directory.is_root) job_.fail(from_errno("getdents", number));
  if (number != 0) note_error(number);
  finish_piece(directory);
  return false;
}

void TreeWalker::look_at_piece(OpenDirectory& directory) {
  directory.unfinished.fetch_add(1, std::memory_order_relaxed);
  if (job_.records()) now_ = job_.now();
  if (cold_.found()) reader_.sort_by_inode();
  OwnSums own;
  auto entries = reader_.entries();
  while (!entries.empty() && !job_.pool().is_stopped()) {
    const auto some = entries.first(std::min(entries.size(), kReportedEntries));
    offer_work();
    look_at(some, directory, own);
    report(some.size());
    entries = entries.subspan(some.size());
  }
  if (job_.records()) {
    add_to(directory.apparent_bytes, own.apparent_bytes);
    add_to(directory.allocated_bytes, own.allocated_bytes);
    directory.inodes += own.inodes;
    if (own.is_hot) directory.is_hot = true;
  }
  finish_piece(directory);
}

void TreeWalker::look_at(std::span<const DirectoryEntry> entries, OpenDirectory& directory,
                         OwnSums& own) {
  cold_.time(entries.size(), [&] {
    for (const DirectoryEntry& entry : entries) look_at(entry, directory, own);
  });
}

void TreeWalker::look_at(const DirectoryEntry& entry, const OpenDirectory& directory,
                         OwnSums& own) {
  if (entry.type == DT_DIR) return add_subdirectory(directory, entry.name);
  const auto info = job_.entries().look(directory.fd.get(), entry.name);
  if (!info) return note_error(errno);
  if (S_ISDIR(info->st_mode)) return add_subdirectory(directory, entry.name);
  count(*info, directory, own);
}

void TreeWalker::count(const struct stat& info, const OpenDirectory& directory, OwnSums& own) {
  if (info.st_nlink < 2) {
    sums_.add(info);
    own.apparent_bytes = saturating_add(own.apparent_bytes, apparent_bytes_of(info));
    own.allocated_bytes = saturating_add(own.allocated_bytes, allocated_bytes_of(info));
    ++own.inodes;
  } else if (job_.seen().is_first_name(job_.entries().number_of(info))) {
    sums_.add(info);
  }
  if (!job_.records()) return;
  if (is_hot(info)) own.is_hot = true;
  if (info.st_nlink < 2) return;
  job_.record({.kind = TreeRecord::Kind::kLink,
               .handle = directory.handle,
               .inode = job_.entries().number_of(info),
               .apparent_bytes = apparent_bytes_of(info),
               .allocated_bytes = allocated_bytes_of(info),
               .inodes = 1,
               .names = info.st_nlink});
}

void TreeWalker::add_subdirectory(const OpenDirectory& directory, const char* name) {
  if (job_.stays()) return record_child(directory, name);
  names_.append(name).push_back('\0');
}

void TreeWalker::record_child(const OpenDirectory& directory, const char* name) {
  const UniqueFd entry = job_.entries().open(directory.fd.get(), name);
  if (!entry) return note_error(errno);
  const auto info = job_.entries().look(entry);
  if (!info || !S_ISDIR(info->st_mode)) return;
  const auto handle = find_handle(entry.get());
  if (!handle) return;
  job_.record({.kind = TreeRecord::Kind::kChild, .handle = *handle, .parent = directory.handle});
}

// Who finishes the last piece tells what the directory held.
void TreeWalker::finish_piece(OpenDirectory& directory) {
  if (directory.unfinished.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (!job_.records() || job_.pool().is_stopped()) return;
  job_.record({.is_hot = directory.is_hot,
               .handle = directory.handle,
               .parent = directory.parent,
               .apparent_bytes = directory.apparent_bytes,
               .allocated_bytes = directory.allocated_bytes,
               .inodes = directory.inodes});
}

// Gives away the oldest task, which is likely to be the largest, or half of it; else the rest
// of the directory that is being read. Never what this thread does itself at the moment.
void TreeWalker::offer_work() {
  if (!job_.pool().wants_work()) return;
  if (tasks_.empty()) {
    if (reading_ && reader_.was_full()) job_.pool().give({.directory = std::move(reading_)});
    return;
  }
  auto task = tasks_.front().split();
  if (!task) {
    task = std::move(tasks_.front());
    tasks_.pop_front();
  }
  pending_bytes_ -= task->names.size() - task->next;
  job_.pool().give(std::move(*task));
}

void TreeWalker::push(WalkTask task) {
  pending_bytes_ += task.names.size() - task.next;
  tasks_.push_back(std::move(task));
}

// Where there are no handles the records are worth nothing: that ends the job.
std::optional<DirectoryHandle> TreeWalker::find_handle(int file) {
  const auto handle = handle_of(file, "");
  if (handle) return *handle;
  if (handle.error().kind == ErrorKind::kNotFound) return {};
  sums_.add_error();
  if (handle.error().kind != ErrorKind::kIo) job_.fail(handle.error());
  return {};
}

bool TreeWalker::is_hot(const struct stat& info) const {
  const auto hot_time = job_.options().hot_time;
  const auto modified = modified_at(info);
  return modified && *modified >= now_ - hot_time && *modified <= now_ + hot_time;
}

void TreeWalker::note_error(int number) {
  if (!is_no_error(number)) sums_.add_error();
}

void TreeWalker::report(std::uint64_t entries) {
  const auto& progress = job_.options().progress;
  if (progress && !progress(entries)) job_.fail({ErrorKind::kTimeout, "walk", "given up"});
}

}  // namespace volumeter
