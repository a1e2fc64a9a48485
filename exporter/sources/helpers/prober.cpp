// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/prober.h"

#include <optional>
#include <utility>

#include "exporter/sources/helpers/question_round.h"
#include "exporter/sources/helpers/scan_protocol.h"
#include "exporter/sources/os/files.h"

namespace volumeter {

Prober::Prober(WorkerSpawner spawner, std::string rootfs, ProberLimits limits)
    : rootfs_(std::move(rootfs)),
      limits_(limits),
      pool_(std::move(spawner), limits.questions.patience),
      questions_(limits.questions),
      scans_(limits.scans) {}

// The agent's end of a scan; gives its worker back when it is done.
class Prober::Scan final : public TreeScan {
 public:
  Scan(Prober& prober, Place place, std::string order, UniqueFd worker)
      : prober_(prober),
        place_(std::move(place)),
        order_(std::move(order)),
        worker_(std::move(worker)) {}

  ~Scan() override {
    if (!worker_) return;
    if (is_done_ || !order_.empty()) {
      prober_.pool_.keep(WorkerPool::Kind::kScans, std::move(worker_));
    } else if (!is_paced_by_us_) {
      // Whoever drops a scan has waited for it: it is overdue from the beginning.
      const auto since = std::chrono::steady_clock::now() - prober_.limits_.scans.patience;
      prober_.scans_.leave(directory_key(place_), place_, since, std::move(worker_));
    }
  }

  int descriptor() const override { return worker_.get(); }

  // A worker that is gone shows in what is received next.
  void grant(const ScanGrant& grant) override {
    is_paced_by_us_ = false;
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
      return Error{ErrorKind::kNotAsked, place_.path, "the helper process that measured ended"};
    }
    is_done_ = report->kind == ScanReport::Kind::kDone;
    is_paced_by_us_ = report->kind == ScanReport::Kind::kPaused;
    return report;
  }

 private:
  Prober& prober_;
  const Place place_;
  std::string order_;  // until it is sent
  UniqueFd worker_;
  bool is_done_ = false;
  bool is_paced_by_us_ = false;  // the worker waits for a grant, and ends when its socket closes
};

void Prober::statfs(const std::vector<Place>& places, const OnUsage& on_answer,
                    std::stop_token stop) {
  const QuestionRound::Options options{.operation = Operation::kStatfs,
                                       .rootfs = rootfs_,
                                       .patience = limits_.questions.patience,
                                       .limit = limits_.statfs_round};
  const QuestionRound::OnAnswer forward = [&](std::size_t index, Result<Answer> answer) {
    if (answer) return on_answer(index, to_fs_usage(answer->filesystem));
    on_answer(index, std::move(answer).error());
  };
  QuestionRound(options, places, forward, pool_, questions_, std::move(stop)).run();
}

std::vector<Result<std::string>> Prober::resolve(const std::vector<Place>& places,
                                                 std::stop_token stop) {
  std::vector<Result<std::string>> paths;
  for (auto& answer : ask(Operation::kResolve, limits_.resolve_round, places, std::move(stop))) {
    if (answer) {
      paths.emplace_back(std::move(answer).value().text);
    } else {
      paths.emplace_back(std::move(answer).error());
    }
  }
  return paths;
}

Result<UniqueFd> Prober::watch(const Place& place, std::stop_token stop) {
  auto answers = ask(Operation::kWatch, limits_.statfs_round, {place}, std::move(stop));
  if (!answers[0]) return std::move(answers[0]).error();
  UniqueFd feed = std::move(answers[0]).value().descriptor;
  if (!feed) return Error{ErrorKind::kIo, place.path, "no descriptor came; too many are open"};
  return feed;
}

Result<std::unique_ptr<TreeScan>> Prober::start_scan(const ScanOrder& order, std::stop_token stop) {
  auto packet = to_packet(order);
  if (!packet) return std::move(packet).error();
  if (auto admitted = admit_scan(order.place); !admitted) return std::move(admitted).error();
  auto worker = take_scanner(StoppableWait(std::move(stop)));
  if (!worker) return std::move(worker).error();
  return std::unique_ptr<TreeScan>(std::make_unique<Scan>(
      *this, order.place, std::move(packet).value(), std::move(worker).value()));
}

std::size_t Prober::unanswered() { return questions_.left_behind() + scans_.left_behind(); }

std::vector<Result<Answer>> Prober::ask(Operation operation, std::chrono::milliseconds limit,
                                        const std::vector<Place>& places, std::stop_token stop) {
  const QuestionRound::Options options{.operation = operation,
                                       .rootfs = rootfs_,
                                       .patience = limits_.questions.patience,
                                       .limit = limit};
  std::vector<std::optional<Result<Answer>>> answers(places.size());
  const QuestionRound::OnAnswer take = [&](std::size_t index, Result<Answer> answer) {
    answers[index].emplace(std::move(answer));
  };
  QuestionRound(options, places, take, pool_, questions_, std::move(stop)).run();
  std::vector<Result<Answer>> in_order;
  in_order.reserve(answers.size());
  for (auto& answer : answers) in_order.push_back(std::move(*answer));
  return in_order;
}

// A scan of a mount that hangs, or that may not be asked, would only be left behind as well.
Result<> Prober::admit_scan(const Place& place) {
  using Verdict = QuestionSlots::Verdict;
  const auto now = std::chrono::steady_clock::now();
  const auto of_mount = questions_.decide(mount_key(place), place, now);
  const auto of_directory = scans_.decide(directory_key(place), place, now);
  for (const auto& decision : {of_mount, of_directory}) {
    if (decision.verdict == Verdict::kTimeout) {
      return Error{ErrorKind::kTimeout, place.path, decision.reason};
    }
    if (decision.verdict == Verdict::kNotAsked) {
      return Error{ErrorKind::kNotAsked, place.path, decision.reason};
    }
  }
  return Nothing{};
}

Result<UniqueFd> Prober::take_scanner(const StoppableWait& wait) {
  if (UniqueFd idle = pool_.take_idle(WorkerPool::Kind::kScans)) return idle;
  auto worker = pool_.make(wait);
  if (!worker) return worker;
  const int error = send_question(worker->get(), {Operation::kScan, rootfs_, {}});
  if (error != 0) return Error{ErrorKind::kNotAsked, "helper process", "it ended at once"};
  return worker;
}

}  // namespace volumeter
