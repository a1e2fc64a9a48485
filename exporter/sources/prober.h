// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/fs_usage.h"
#include "exporter/sources/probe_protocol.h"
#include "exporter/sources/tree_usage.h"
#include "exporter/sources/worker_spawner.h"

namespace volumeter {

struct ProberLimits {
  std::chrono::milliseconds answer{2'000};         // to statfs and resolve
  std::chrono::milliseconds scan_silence{30'000};  // of a scan: without any progress
  std::size_t max_unanswered = 32;
};

// Asks filesystems questions that may never be answered, each through a worker process.
//
// A worker that does not answer in time is left alone with its question, and until it
// answers or ends, further questions about the same path are kTimeout at once: a hung mount
// costs one process and is asked once. Thread-safe; the destructor waits for nobody.
class Prober {
 public:
  // `rootfs` is where the host's root directory is seen from here.
  Prober(WorkerSpawner spawner, std::string rootfs, ProberLimits limits = {});

  // Paths are of the host. kTimeout: no answer, no answer to an earlier question, too many
  // unanswered ones, or a stop was asked for. kIo: also when the worker ended (crash, out of
  // memory); the next question gets a new one.
  Result<FsUsage> statfs(const std::string& path, std::stop_token stop);
  Result<TreeUsage> scan(const std::string& path, std::stop_token stop);
  Result<std::string> resolve(const std::string& path, std::stop_token stop);

  // How many questions are left unanswered, each with a worker process of its own.
  std::size_t unanswered();

 private:
  struct Unanswered {
    std::string path;
    UniqueFd worker;
  };

  Result<Answer> ask(Operation operation, const std::string& path, std::stop_token stop);
  Result<UniqueFd> take_worker(Operation operation, const std::string& path,
                               const StoppableWait& wait);
  Result<Answer> await_answer(int worker, Operation operation, const std::string& path,
                              const StoppableWait& wait) const;
  UniqueFd& idle_for(Operation operation);
  Result<> admit(const std::string& path);
  void forget_answered();

  const std::string rootfs_;
  const ProberLimits limits_;

  std::mutex spawner_mutex_;
  WorkerSpawner spawner_;

  std::mutex mutex_;
  UniqueFd idle_;          // for short questions
  UniqueFd idle_scanner_;  // runs at low priority
  std::vector<Unanswered> unanswered_;
};

}  // namespace volumeter
