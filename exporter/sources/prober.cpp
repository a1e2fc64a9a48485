// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/prober.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "exporter/sources/files.h"

namespace volumeter {
namespace {

Error unanswered_error(const std::string& path, std::string what) {
  return {ErrorKind::kTimeout, path, std::move(what)};
}

// A worker speaks only when asked, so anything to read is a late answer or its end.
bool has_spoken(const UniqueFd& worker) {
  pollfd entry{worker.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

std::string in_seconds(std::chrono::milliseconds time) {
  return std::to_string(time.count() / 1000) + "." + std::to_string(time.count() / 100 % 10) + " s";
}

}  // namespace

Prober::Prober(WorkerSpawner spawner, std::string rootfs, ProberLimits limits)
    : rootfs_(std::move(rootfs)), limits_(limits), spawner_(std::move(spawner)) {}

Result<FsUsage> Prober::statfs(const std::string& path, std::stop_token stop) {
  auto answer = ask(Operation::kStatfs, path, stop);
  if (!answer) return std::move(answer).error();
  return answer->filesystem;
}

Result<TreeUsage> Prober::scan(const std::string& path, std::stop_token stop) {
  auto answer = ask(Operation::kScan, path, stop);
  if (!answer) return std::move(answer).error();
  return answer->tree;
}

Result<std::string> Prober::resolve(const std::string& path, std::stop_token stop) {
  auto answer = ask(Operation::kResolve, path, stop);
  if (!answer) return std::move(answer).error();
  return answer->text;
}

std::size_t Prober::unanswered() {
  const std::lock_guard lock(mutex_);
  forget_answered();
  return unanswered_.size();
}

Result<Answer> Prober::ask(Operation operation, const std::string& path, std::stop_token stop) {
  const StoppableWait wait(stop);
  auto worker = take_worker(operation, path, wait);
  if (!worker) return std::move(worker).error();
  UniqueFd socket = std::move(worker).value();
  if (const int error = send_question(socket.get(), {operation, rootfs_, path}); error != 0) {
    return from_errno(path, error);
  }
  auto answer = await_answer(socket.get(), operation, path, wait);
  const std::lock_guard lock(mutex_);
  if (answer) {
    if (UniqueFd& idle = idle_for(operation); !idle) idle = std::move(socket);
    if (answer->kind == AnswerKind::kError) {
      return Error{answer->error_kind, path, answer->text};
    }
  } else if (answer.error().kind == ErrorKind::kTimeout) {
    unanswered_.push_back({path, std::move(socket)});
  }
  return answer;
}

Result<UniqueFd> Prober::take_worker(Operation operation, const std::string& path,
                                     const StoppableWait& wait) {
  {
    const std::lock_guard lock(mutex_);
    if (auto admitted = admit(path); !admitted) return std::move(admitted).error();
    UniqueFd worker = std::move(idle_for(operation));
    if (worker && !has_spoken(worker)) return worker;  // else it has ended meanwhile
  }
  const std::lock_guard lock(spawner_mutex_);
  return spawner_.new_worker(wait, std::chrono::steady_clock::now() + limits_.answer);
}

Result<Answer> Prober::await_answer(int worker, Operation operation, const std::string& path,
                                    const StoppableWait& wait) const {
  const auto limit = operation == Operation::kScan ? limits_.scan_silence : limits_.answer;
  while (true) {
    switch (wait.until_readable(worker, std::chrono::steady_clock::now() + limit)) {
      case Wait::kReady: break;
      case Wait::kTimedOut: return unanswered_error(path, "no answer within " + in_seconds(limit));
      case Wait::kStopped: return unanswered_error(path, "interrupted");
    }
    auto answer = receive_answer(worker);
    if (!answer) return Error{ErrorKind::kIo, path, "the helper process that asked has ended"};
    if (answer->kind != AnswerKind::kProgress) return std::move(*answer);
  }
}

UniqueFd& Prober::idle_for(Operation operation) {
  return operation == Operation::kScan ? idle_scanner_ : idle_;
}

Result<> Prober::admit(const std::string& path) {
  forget_answered();
  const auto same = std::find_if(unanswered_.begin(), unanswered_.end(),
                                 [&](const Unanswered& one) { return one.path == path; });
  if (same != unanswered_.end()) {
    return unanswered_error(path, "still no answer to an earlier question");
  }
  if (unanswered_.size() >= limits_.max_unanswered) {
    return unanswered_error(path, std::to_string(unanswered_.size()) +
                                      " earlier questions have no answer; nothing more is asked");
  }
  return Nothing{};
}

// Closing the socket of a worker ends it, at the latest when its system call returns.
void Prober::forget_answered() {
  std::erase_if(unanswered_, [](const Unanswered& one) { return has_spoken(one.worker); });
}

}  // namespace volumeter
