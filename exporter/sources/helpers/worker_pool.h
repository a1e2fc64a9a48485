// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/helpers/worker_spawner.h"

namespace volumeter {

// Idle worker processes, and new ones when there are none. Thread-safe.
class WorkerPool {
 public:
  enum class Kind { kAnswers, kScans };  // a worker that scans does nothing else

  WorkerPool(WorkerSpawner spawner, std::chrono::milliseconds patience)
      : patience_(patience), spawner_(std::move(spawner)) {}

  // An idle worker; an empty one if there is none.
  UniqueFd take_idle(Kind kind);

  // A new worker. kNotAsked: no process can be had, or a stop was asked for.
  Result<UniqueFd> make(const StoppableWait& wait);

  // Takes back a worker that has nothing to do; ends it where enough are idle.
  void keep(Kind kind, UniqueFd worker);

 private:
  std::vector<UniqueFd>& idle(Kind kind) { return kind == Kind::kScans ? scanners_ : answerers_; }

  const std::chrono::milliseconds patience_;
  std::mutex spawner_mutex_;
  WorkerSpawner spawner_;
  std::mutex mutex_;  // of the two below
  std::vector<UniqueFd> answerers_;
  std::vector<UniqueFd> scanners_;
};

// A worker speaks only when asked: something to read is a late answer or its end.
bool has_spoken(const UniqueFd& worker);

}  // namespace volumeter
