// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/probe_worker.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "exporter/sources/files.h"
#include "exporter/sources/probe_protocol.h"
#include "exporter/sources/tree_walk.h"

namespace volumeter {
namespace {

// How often a scan says that it still gets on; far below the agent's limit.
constexpr auto kProgressEvery = std::chrono::seconds(1);

Answer failure(const Error& error) {
  Answer answer;
  answer.kind = AnswerKind::kError;
  answer.error_kind = error.kind;
  answer.text = error.what;
  return answer;
}

std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return {};
  return result;
}

// statvfs(3): sizes are in units of f_frsize.
Answer statfs_answer(const Question& question) {
  const auto place = open_in_root(question.rootfs, question.path, O_PATH);
  if (!place) return failure(place.error());
  struct statvfs said {};
  if (::fstatvfs(place->get(), &said) != 0) return failure(from_errno(question.path, errno));
  const auto size = product(said.f_blocks, said.f_frsize);
  const auto free = product(said.f_bfree, said.f_frsize);
  const auto available = product(said.f_bavail, said.f_frsize);
  if (!size || !free || !available) {
    return failure({ErrorKind::kMalformed, question.path, "its size does not fit in 64 bits"});
  }
  Answer answer;
  answer.kind = AnswerKind::kDone;
  answer.filesystem = {*size, *free, *available, said.f_files, said.f_ffree};
  return answer;
}

Result<std::string> path_of(const UniqueFd& place) {
  return read_link("/proc/self/fd/" + std::to_string(place.get()));
}

// The kernel's own name of an open file, less the place where the host's root is seen.
Answer resolve_answer(const Question& question) {
  const auto place = open_in_root(question.rootfs, question.path, O_PATH);
  if (!place) return failure(place.error());
  struct stat info {};
  if (::fstat(place->get(), &info) == 0 && info.st_nlink == 0) {
    return failure(from_errno(question.path, ENOENT));  // removed since, "/a (deleted)"
  }
  const auto root = open_in_root("/", question.rootfs, O_PATH);
  if (!root) return failure(root.error());
  auto path = path_of(*place);
  const auto prefix = path_of(*root);
  if (!path) return failure(path.error());
  if (!prefix) return failure(prefix.error());
  Answer answer;
  answer.kind = AnswerKind::kDone;
  answer.text = *prefix == "/" ? *path : path->substr(std::min(prefix->size(), path->size()));
  if (answer.text.empty()) answer.text = "/";
  return answer;
}

// A scan must not be felt: last in line for CPU and disk. Each ancestor with unvisited
// subdirectories holds a descriptor, so take as many as we may have.
void become_background() {
  ::setpriority(PRIO_PROCESS, 0, 19);
  ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

Result<UniqueFd> open_tree(const Question& question) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY;
  auto root = open_in_root(question.rootfs, question.path, kFlags | O_NOATIME);
  if (root || root.error().kind != ErrorKind::kPermission) return root;
  return open_in_root(question.rootfs, question.path, kFlags);
}

// Tells the agent now and then that the walk gets on; false once nobody listens.
class ProgressReport {
 public:
  explicit ProgressReport(int socket) : socket_(socket) {}

  bool operator()() {
    const auto now = coarse_now();
    if (now < next_) return true;
    next_ = now + kProgressEvery;
    Answer answer;
    answer.kind = AnswerKind::kProgress;
    // A full socket is an agent that has given up on us or is slow, not one that is gone.
    const int error = send_answer(socket_, answer, MSG_DONTWAIT);
    return error == 0 || error == EAGAIN;
  }

 private:
  // The coarse clock: it is asked once an entry.
  static std::chrono::nanoseconds coarse_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  }

  int socket_;
  std::chrono::nanoseconds next_ = coarse_now() + kProgressEvery;
};

Answer scan_answer(const Question& question, int socket) {
  become_background();
  auto root = open_tree(question);
  if (!root) return failure(root.error());
  const auto usage = walk_tree(std::move(root).value(), ProgressReport(socket));
  if (!usage) return failure(usage.error());
  Answer answer;
  answer.kind = AnswerKind::kDone;
  answer.tree = *usage;
  return answer;
}

Answer answer_to(const Question& question, int socket) {
  switch (question.operation) {
    case Operation::kStatfs: return statfs_answer(question);
    case Operation::kResolve: return resolve_answer(question);
    case Operation::kScan: return scan_answer(question, socket);
  }
  return failure({ErrorKind::kUnsupported, question.path, "an unknown question"});
}

}  // namespace

void serve_questions(int socket) {
  while (const auto question = receive_question(socket)) {
    if (send_answer(socket, answer_to(*question, socket)) != 0) return;
  }
}

}  // namespace volumeter
