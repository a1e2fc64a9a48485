// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/helpers/probe_protocol.h"
#include "exporter/sources/helpers/question_desk.h"
#include "exporter/sources/helpers/worker_pool.h"
#include "exporter/sources/helpers/worker_spawner.h"
#include "exporter/sources/interface/fs_usage.h"
#include "exporter/sources/interface/place.h"
#include "exporter/sources/interface/tree_scan.h"

namespace volumeter {

// How long answers are waited for, and how many may be missing.
struct ProberLimits {
  SlotLimits questions;  // statfs, resolve and watch
  // Scans that were dropped before they were done.
  SlotLimits scans{.for_any = 8, .for_known = 12, .for_local = 16};
  std::chrono::milliseconds statfs_round{4'000};
  // Short, because an inventory waits for it; what is missing then is asked again.
  std::chrono::milliseconds resolve_round{500};
};

// Asks filesystems questions that may never be answered, each through a worker process.
//
// A worker that does not answer in time is left behind with its question, and until it answers or
// ends, further questions about the same mount are kTimeout at once: a hung mount costs one
// process and is asked once. QuestionSlots limits how many are left behind. A scan that is
// dropped before it is done is such a question as well, about its directory alone. Thread-safe;
// the destructor waits for no worker and must come after those of its scans.
class Prober {
 public:
  // `rootfs` is where the host's root directory is seen from here.
  Prober(WorkerSpawner spawner, std::string rootfs, ProberLimits limits = {});

  // All errors but those of the filesystem itself are of QuestionRound::run().

  // Calls `on_answer` once for each place, as the answers come in.
  using OnUsage = std::function<void(std::size_t, Result<FsUsage>)>;
  void statfs(const std::vector<Place>& places, const OnUsage& on_answer, std::stop_token stop);

  // As HostAccess::resolve.
  std::vector<Result<std::string>> resolve(const std::vector<Place>& places, std::stop_token stop);

  // A change feed's descriptor; `place` is any directory of the filesystem.
  Result<UniqueFd> watch(const Place& place, std::stop_token stop);

  // A scan that does nothing before its first grant. kTimeout: no answer to an earlier question
  // about its mount, or to an earlier scan of the directory. kNotAsked as for questions.
  Result<std::unique_ptr<TreeScan>> start_scan(const ScanOrder& order, std::stop_token stop);

  // How many questions and scans are left unanswered, each with a worker process of its own.
  std::size_t unanswered();

 private:
  class Scan;

  std::vector<Result<Answer>> ask(Operation operation, std::chrono::milliseconds limit,
                                  const std::vector<Place>& places, std::stop_token stop);
  Result<> admit_scan(const Place& place);
  Result<UniqueFd> take_scanner(const StoppableWait& wait);

  const std::string rootfs_;
  const ProberLimits limits_;
  WorkerPool pool_;
  QuestionDesk questions_;
  QuestionDesk scans_;
};

}  // namespace volumeter
