// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/scan_worker.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <optional>
#include <vector>

#include "exporter/base/unique_fd.h"
#include "exporter/sources/helpers/scan_protocol.h"
#include "exporter/sources/os/files.h"
#include "exporter/sources/os/privileges.h"
#include "exporter/sources/sizes/quota/space_accounting.h"
#include "exporter/sources/sizes/walk/entry_sums.h"
#include "exporter/sources/sizes/walk/tree_walk.h"

namespace volumeter {
namespace {

using std::chrono::nanoseconds;

// From <linux/ioprio.h>, which is no C++ since Debian's 6.1.192: a parameter is called `class`.
constexpr int kIoPriorityOfProcess = 1;
constexpr int kIoPriorityIdle = 3 << 13;

// A scan must not be felt: last in line for CPU and disk. Each directory with work left holds
// a descriptor, so take as many as we may have.
void become_background() {
  ::setpriority(PRIO_PROCESS, 0, 19);
  ::syscall(SYS_ioprio_set, kIoPriorityOfProcess, 0, kIoPriorityIdle);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

// Holds the scan to its grants, and passes on what it finds. Thread-safe.
class Conversation {
 public:
  Conversation(int socket, const GrantedOrder& granted)
      : socket_(socket), threads_(std::max(granted.order.threads, 1U)) {
    begin_step(granted.grant);
  }

  // Progress of a walking thread: pauses all of them once the grant is used up.
  bool worked(std::uint64_t entries) {
    const std::lock_guard lock(mutex_);
    entries_ += entries;
    if (gone_) return false;
    if (!is_used_up()) return true;
    gone_ = send_pause(socket_, std::exchange(entries_, 0), cpu_of_step()) != 0;
    const auto grant = gone_ ? std::nullopt : receive_grant(socket_);
    gone_ = !grant;
    if (grant) begin_step(*grant);
    return !gone_;
  }

  void take(const TreeRecord& record) {
    records_.push_back(record);
    if (records_.size() == kRecordsPerPacket) flush();
  }

  // False if the agent is gone.
  bool done(const Result<SpaceUsage>& outcome) {
    flush();
    return !gone_ && send_done(socket_, entries_, cpu_of_step(), outcome) == 0;
  }

 private:
  void begin_step(const ScanGrant& grant) {
    step_began_cpu_ = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    cpu_end_ = step_began_cpu_ + grant.cpu;
    const nanoseconds now = read_clock(CLOCK_MONOTONIC);
    wall_end_ = now + grant.wall;
    next_look_ = std::min(wall_end_, now + grant.cpu / threads_);
  }

  // The clock of CPU time costs a system call, so it is not read before all threads together
  // can have used up what is left.
  bool is_used_up() {
    const nanoseconds now = read_clock(CLOCK_MONOTONIC);
    if (now < next_look_) return false;
    const nanoseconds left = cpu_end_ - read_clock(CLOCK_PROCESS_CPUTIME_ID);
    next_look_ = std::min(wall_end_, now + left / threads_);
    return left <= nanoseconds::zero() || now >= wall_end_;
  }

  void flush() {
    if (!records_.empty() && send_records(socket_, records_) != 0) {
      const std::lock_guard lock(mutex_);
      gone_ = true;
    }
    records_.clear();
  }

  nanoseconds cpu_of_step() const { return read_clock(CLOCK_PROCESS_CPUTIME_ID) - step_began_cpu_; }

  const int socket_;
  const std::uint32_t threads_;
  std::vector<TreeRecord> records_;
  std::mutex mutex_;  // of all below
  nanoseconds step_began_cpu_{0};
  nanoseconds cpu_end_{0};
  nanoseconds wall_end_{0};
  nanoseconds next_look_{0};
  std::uint64_t entries_ = 0;
  bool gone_ = false;
};

Result<UniqueFd> open_tree(const std::string& rootfs, const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY;
  auto root = open_in_root(rootfs, path, kFlags | O_NOATIME);
  if (root || root.error().kind != ErrorKind::kPermission) return root;
  return open_in_root(rootfs, path, kFlags);
}

// Whether something is mounted at an open directory. Kernels before 5.8 do not say, nor does a
// seccomp filter that denies statx(2): then the mount table is believed.
bool is_mount_point(const UniqueFd& directory) {
  struct statx info {};
  if (::statx(directory.get(), "", AT_EMPTY_PATH, STATX_TYPE, &info) != 0) return true;
  if ((info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0) return true;
  return (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

std::optional<SpaceUsage> accounts_of(int root, bool own_filesystem) {
  const WithCapability admin(Capability::kSysAdmin);  // for quota; the walk does not need it
  return accounted_space(root, own_filesystem);
}

Result<SpaceUsage> measure(UniqueFd root, const ScanOrder& order, WalkOptions options) {
  // Unmounted since the order was given: what lies beneath is none of the volume's.
  if (order.own_filesystem && !is_mount_point(root)) {
    return Error{ErrorKind::kNotFound, order.place.path,
                 "its filesystem is not mounted there any more"};
  }
  if (const auto known = accounts_of(root.get(), order.own_filesystem)) return *known;
  options.threads = order.threads;
  if (order.want_records) {
    UniqueFd again(::fcntl(root.get(), F_DUPFD_CLOEXEC, 0));
    auto usage = walk_tree(std::move(root), options);
    if (usage || usage.error().kind != ErrorKind::kUnsupported) return usage;
    root = std::move(again);           // a filesystem without handles
    ::lseek(root.get(), 0, SEEK_SET);  // they share where they are
  }
  options.record = {};
  return walk_tree(std::move(root), options);
}

// A bind mount may be of a file or a socket: then that is all there is.
std::optional<SpaceUsage> measure_file(const std::string& rootfs, const std::string& path) {
  const auto place = open_in_root(rootfs, path, O_PATH);
  struct stat info {};
  if (!place || ::fstat(place->get(), &info) != 0 || S_ISDIR(info.st_mode)) return {};
  EntrySums sums(std::chrono::system_clock::now());
  sums.add(info);
  return sums.usage();
}

Result<SpaceUsage> carry_out(const ScanOrder& order, const std::string& rootfs,
                             Conversation& agent) {
  const std::string& base = order.place.root.empty() ? rootfs : order.place.root;
  auto root = open_tree(base, order.place.path);
  if (!root) {
    if (const auto file = measure_file(base, order.place.path)) return *file;
    return std::move(root).error();
  }
  const WalkOptions options{
      .now = std::chrono::system_clock::now(),
      .hot_time = order.hot_time,
      .has_mounts_below = order.has_mounts_below,
      .progress = [&](std::uint64_t entries) { return agent.worked(entries); },
      .record = [&](const TreeRecord& record) { agent.take(record); }};
  switch (order.kind) {
    case ScanOrder::Kind::kMeasure: return measure(std::move(root).value(), order, options);
    case ScanOrder::Kind::kLookAgain: return look_again(*root, order.directories, options);
    case ScanOrder::Kind::kSubtrees: return walk_subtrees(*root, order.directories, options);
  }
  return Error{ErrorKind::kUnsupported, order.place.path, "an unknown order"};
}

}  // namespace

void serve_scans(int socket, const std::string& rootfs) {
  become_background();
  while (const auto granted = receive_order(socket)) {
    Conversation agent(socket, *granted);
    if (!agent.done(carry_out(granted->order, rootfs, agent))) return;
  }
}

}  // namespace volumeter
