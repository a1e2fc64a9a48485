// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/os/stoppable_wait.h"

namespace volumeter {

// The agent's end of a small process that forks workers when asked. A question to a
// filesystem may never return and then not even SIGKILL ends the asker, so it is put by a
// process that can be left behind; and because a threaded agent cannot fork safely, another
// process, made before the first thread, does the forking.
//
// Spawner and workers hold no descriptor of the agent, ignore signals that end it, and end
// by themselves when their socket closes.
class WorkerSpawner {
 public:
  // Forks: call it at the top of main(), before any thread exists.
  static Result<WorkerSpawner> start();

  WorkerSpawner(WorkerSpawner&&) = default;
  WorkerSpawner& operator=(WorkerSpawner&&) = delete;
  ~WorkerSpawner();

  // The socket of a new worker. kTimeout if none came before `deadline` or a stop was asked
  // for, kIo if the spawner is gone or cannot fork.
  Result<UniqueFd> new_worker(const StoppableWait& wait, SteadyTime deadline);

  pid_t pid() const { return pid_; }

 private:
  WorkerSpawner(UniqueFd socket, pid_t pid) : socket_(std::move(socket)), pid_(pid) {}

  UniqueFd socket_;
  pid_t pid_;
};

}  // namespace volumeter
