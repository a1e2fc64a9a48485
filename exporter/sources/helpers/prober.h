// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/helpers/probe_protocol.h"
#include "exporter/sources/helpers/worker_spawner.h"
#include "exporter/sources/interface/fs_usage.h"
#include "exporter/sources/interface/tree_scan.h"

namespace volumeter {

// What is waited for, and how much of it.
struct ProberLimits {
  std::chrono::milliseconds answer{2'000};  // to statfs, resolve and watch
  std::size_t max_unanswered = 32;
};

// Asks filesystems questions that may never be answered, each through a worker process.
//
// A worker that does not answer in time is left alone with its question, and until it
// answers or ends, further questions about the same path are kTimeout at once: a hung mount
// costs one process and is asked once. A scan that is dropped before it is done counts as
// such a question. Thread-safe; the destructor waits for nobody and must come after those of
// its scans.
class Prober {
 public:
  // `rootfs` is where the host's root directory is seen from here.
  Prober(WorkerSpawner spawner, std::string rootfs, ProberLimits limits = {});

  // Paths are of the host. kTimeout: no answer, no answer to an earlier question, too many
  // unanswered ones, or a stop was asked for. kIo: also when the worker ended (crash, out of
  // memory); the next question gets a new one.
  Result<FsUsage> statfs(const std::string& path, std::stop_token stop);
  Result<std::string> resolve(const std::string& path, std::stop_token stop);

  // A scan that does nothing before its first grant.
  Result<std::unique_ptr<TreeScan>> start_scan(const ScanOrder& order, std::stop_token stop);

  // A change feed's descriptor; `path` is any directory of the filesystem.
  Result<UniqueFd> watch(const std::string& path, std::stop_token stop);

  // How many questions are left unanswered, each with a worker process of its own.
  std::size_t unanswered();

 private:
  class Scan;

  struct Unanswered {
    std::string path;
    UniqueFd worker;
  };

  struct Asked {
    Answer answer;
    UniqueFd worker;
  };

  // The answer and its worker, for what comes behind it; hand it back with keep().
  Result<Asked> ask(Operation operation, const std::string& path, const StoppableWait& wait);
  Result<Answer> ask_once(Operation operation, const std::string& path, std::stop_token stop);
  Result<UniqueFd> take_worker(const std::string& path, const StoppableWait& wait);
  Result<UniqueFd> take_scanner(const std::string& path, std::stop_token stop);
  // An empty one: there is none.
  Result<UniqueFd> take_idle(std::vector<UniqueFd>& idle, const std::string& path);
  Result<UniqueFd> new_worker(const StoppableWait& wait);
  Result<Answer> await_answer(int worker, const std::string& path, const StoppableWait& wait) const;
  void keep(std::vector<UniqueFd>& idle, UniqueFd worker, std::size_t at_most);
  void set_aside(const std::string& path, UniqueFd worker);
  Result<> admit(const std::string& path);
  void forget_answered();

  const std::string rootfs_;
  const ProberLimits limits_;

  std::mutex spawner_mutex_;
  WorkerSpawner spawner_;

  std::mutex mutex_;
  std::vector<UniqueFd> idle_;           // for short questions
  std::vector<UniqueFd> idle_scanners_;  // do nothing else
  std::vector<Unanswered> unanswered_;
};

}  // namespace volumeter
