// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "exporter/base/unique_fd.h"
#include "exporter/sources/interface/tree_record.h"

namespace volumeter {

// A directory that is open because there is something left to do in it, perhaps by several
// threads.
struct OpenDirectory {
  UniqueFd fd;
  bool is_root = false;
  // What its record will tell; used only if somebody wants records.
  DirectoryHandle handle;
  DirectoryHandle parent;
  std::atomic<std::uint64_t> apparent_bytes = 0;
  std::atomic<std::uint64_t> allocated_bytes = 0;
  std::atomic<std::uint64_t> inodes = 0;
  std::atomic<bool> is_hot = false;
  // Pieces of it that somebody looks at, and one until it is read to its end.
  std::atomic<unsigned> unfinished = 1;
};

// Something left to do in a directory: to visit subdirectories, or, without names, to read on.
struct WalkTask {
  std::shared_ptr<OpenDirectory> directory;
  std::string names;     // of subdirectories, each ended by a NUL
  std::size_t next = 0;  // where in `names`

  bool is_reading() const { return names.empty(); }
  bool is_done() const { return next == names.size(); }
  const char* take_name();
  // The later half of the names; nothing if there are less than two.
  std::optional<WalkTask> split();
};

// Where the threads of a walk give work to each other. Each has tasks of its own, which cost
// no lock; it gives of them when the pool wants some, and comes to the pool when it has none.
class WalkPool {
 public:
  explicit WalkPool(unsigned members) : members_(members) {}

  // True while there is not a task for each that waits, and one for who comes next. Cheap:
  // made to be asked all the time; an old answer does no harm.
  bool wants_work() const { return wants_work_.load(std::memory_order_relaxed); }
  void give(WalkTask task);

  // Waits for a task. Nothing once all members wait, for then there is none left, or once it
  // was stopped.
  std::optional<WalkTask> take();

  // So many members will never come to take() (again).
  void leave(unsigned members);

  void stop();
  bool is_stopped() const { return is_stopped_.load(std::memory_order_relaxed); }

 private:
  void update();  // with the lock held

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<WalkTask> reserve_;
  unsigned members_;
  unsigned waiting_ = 0;
  bool is_over_ = false;
  std::atomic<bool> wants_work_ = false;
  std::atomic<bool> is_stopped_ = false;
};

}  // namespace volumeter
