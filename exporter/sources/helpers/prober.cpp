// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/prober.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "exporter/sources/helpers/scan_protocol.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

Error unanswered_error(const std::string& path, std::string what) {
  return {ErrorKind::kTimeout, path, std::move(what)};
}

constexpr std::size_t kIdleWorkers = 1;
constexpr std::size_t kIdleScanners = 2;

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

// The agent's end of a scan; gives its worker back when it is done.
class Prober::Scan final : public TreeScan {
 public:
  Scan(Prober& prober, std::string path, std::string order, UniqueFd worker)
      : prober_(prober),
        path_(std::move(path)),
        order_(std::move(order)),
        worker_(std::move(worker)) {}

  ~Scan() override {
    if (!worker_) return;
    if (is_done_ || !order_.empty()) {
      prober_.keep(prober_.idle_scanners_, std::move(worker_), kIdleScanners);
    } else if (!is_paused_) {
      prober_.set_aside(path_, std::move(worker_));
    }
  }

  int descriptor() const override { return worker_.get(); }

  // A worker that is gone shows in what is received next.
  void grant(const ScanGrant& grant) override {
    is_paused_ = false;
    if (order_.empty()) {
      send_grant(worker_.get(), grant);
    } else {
      send_order(worker_.get(), std::exchange(order_, {}), grant);
    }
  }

  Result<ScanReport> receive() override {
    auto report = receive_report(worker_.get());
    if (!report && report.error().kind == ErrorKind::kTimeout) return report;
    if (!report) {
      worker_.reset();
      return Error{ErrorKind::kIo, path_, "the helper process that measured has ended"};
    }
    is_done_ = report->kind == ScanReport::Kind::kDone;
    is_paused_ = report->kind == ScanReport::Kind::kPaused;
    return report;
  }

 private:
  Prober& prober_;
  const std::string path_;
  std::string order_;  // until it is sent
  UniqueFd worker_;
  bool is_done_ = false;
  bool is_paused_ = false;  // the worker waits for us, and ends when it sees that we are gone
};

Result<FsUsage> Prober::statfs(const std::string& path, std::stop_token stop) {
  auto answer = ask_once(Operation::kStatfs, path, stop);
  if (!answer) return std::move(answer).error();
  return answer->filesystem;
}

Result<std::string> Prober::resolve(const std::string& path, std::stop_token stop) {
  auto answer = ask_once(Operation::kResolve, path, stop);
  if (!answer) return std::move(answer).error();
  return answer->text;
}

Result<UniqueFd> Prober::watch(const std::string& path, std::stop_token stop) {
  const StoppableWait wait(stop);
  auto asked = ask(Operation::kWatch, path, wait);
  if (!asked) return std::move(asked).error();
  UniqueFd worker = std::move(std::move(asked).value().worker);
  const auto limit = std::chrono::steady_clock::now() + limits_.answer;
  if (wait.until_readable(worker.get(), limit) != Wait::kReady) {
    return unanswered_error(path, "no descriptor came");
  }
  ReceivedDescriptor received = receive_descriptor(worker.get());
  if (!received.fd) return from_errno(path, received.error);
  keep(idle_, std::move(worker), kIdleWorkers);
  return std::move(received.fd);
}

Result<std::unique_ptr<TreeScan>> Prober::start_scan(const ScanOrder& order, std::stop_token stop) {
  auto packet = to_packet(order);
  if (!packet) return std::move(packet).error();
  auto worker = take_scanner(order.place.path, stop);
  if (!worker) return std::move(worker).error();
  return std::unique_ptr<TreeScan>(std::make_unique<Scan>(
      *this, order.place.path, std::move(packet).value(), std::move(worker).value()));
}

std::size_t Prober::unanswered() {
  const std::lock_guard lock(mutex_);
  forget_answered();
  return unanswered_.size();
}

Result<Answer> Prober::ask_once(Operation operation, const std::string& path,
                                std::stop_token stop) {
  auto asked = ask(operation, path, StoppableWait(stop));
  if (!asked) return std::move(asked).error();
  Asked done = std::move(asked).value();
  keep(idle_, std::move(done.worker), kIdleWorkers);
  return std::move(done.answer);
}

Result<Prober::Asked> Prober::ask(Operation operation, const std::string& path,
                                  const StoppableWait& wait) {
  auto worker = take_worker(path, wait);
  if (!worker) return std::move(worker).error();
  UniqueFd socket = std::move(worker).value();
  if (const int error = send_question(socket.get(), {operation, rootfs_, path}); error != 0) {
    return from_errno(path, error);
  }
  auto answer = await_answer(socket.get(), path, wait);
  if (!answer) {
    if (answer.error().kind == ErrorKind::kTimeout) set_aside(path, std::move(socket));
    return std::move(answer).error();
  }
  if (answer->kind == AnswerKind::kError) {
    keep(idle_, std::move(socket), kIdleWorkers);
    return Error{answer->error_kind, path, answer->text};
  }
  return Asked{std::move(answer).value(), std::move(socket)};
}

Result<UniqueFd> Prober::take_worker(const std::string& path, const StoppableWait& wait) {
  auto idle = take_idle(idle_, path);
  return !idle || *idle ? std::move(idle) : new_worker(wait);
}

Result<UniqueFd> Prober::take_scanner(const std::string& path, std::stop_token stop) {
  auto idle = take_idle(idle_scanners_, path);
  if (!idle || *idle) return idle;
  auto worker = new_worker(StoppableWait(stop));
  if (!worker) return worker;
  const int error = send_question(worker->get(), {Operation::kScan, rootfs_, {}});
  if (error != 0) return from_errno(path, error);
  return worker;
}

Result<UniqueFd> Prober::take_idle(std::vector<UniqueFd>& idle, const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (auto admitted = admit(path); !admitted) return std::move(admitted).error();
  while (!idle.empty()) {
    UniqueFd worker = std::move(idle.back());
    idle.pop_back();
    if (!has_spoken(worker)) return worker;  // else it has ended meanwhile
  }
  return UniqueFd();
}

Result<UniqueFd> Prober::new_worker(const StoppableWait& wait) {
  const std::lock_guard lock(spawner_mutex_);
  return spawner_.new_worker(wait, std::chrono::steady_clock::now() + limits_.answer);
}

Result<Answer> Prober::await_answer(int worker, const std::string& path,
                                    const StoppableWait& wait) const {
  switch (wait.until_readable(worker, std::chrono::steady_clock::now() + limits_.answer)) {
    case Wait::kReady: break;
    case Wait::kTimedOut:
      return unanswered_error(path, "no answer within " + in_seconds(limits_.answer));
    case Wait::kStopped: return unanswered_error(path, "interrupted");
  }
  auto answer = receive_answer(worker);
  if (!answer) return Error{ErrorKind::kIo, path, "the helper process that asked has ended"};
  return std::move(*answer);
}

void Prober::keep(std::vector<UniqueFd>& idle, UniqueFd worker, std::size_t at_most) {
  const std::lock_guard lock(mutex_);
  if (idle.size() < at_most) idle.push_back(std::move(worker));
}

void Prober::set_aside(const std::string& path, UniqueFd worker) {
  const std::lock_guard lock(mutex_);
  unanswered_.push_back({path, std::move(worker)});
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
