// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/worker_pool.h"

#include <poll.h>

#include <utility>

namespace volumeter {
namespace {

// What one round needs while all answer at once, and two scans that take turns.
constexpr std::size_t kIdleAnswerers = 1;
constexpr std::size_t kIdleScanners = 2;

}  // namespace

UniqueFd WorkerPool::take_idle(Kind kind) {
  const std::lock_guard lock(mutex_);
  while (!idle(kind).empty()) {
    UniqueFd worker = std::move(idle(kind).back());
    idle(kind).pop_back();
    if (!has_spoken(worker)) return worker;  // else it has ended meanwhile
  }
  return {};
}

Result<UniqueFd> WorkerPool::make(const StoppableWait& wait) {
  const std::lock_guard lock(spawner_mutex_);
  auto worker = spawner_.new_worker(wait, std::chrono::steady_clock::now() + patience_);
  if (worker) return worker;
  Error error = std::move(worker).error();
  error.kind = ErrorKind::kNotAsked;  // no evidence about the filesystem
  return error;
}

void WorkerPool::keep(Kind kind, UniqueFd worker) {
  const std::lock_guard lock(mutex_);
  const std::size_t at_most = kind == Kind::kScans ? kIdleScanners : kIdleAnswerers;
  if (idle(kind).size() < at_most) idle(kind).push_back(std::move(worker));
}

bool has_spoken(const UniqueFd& worker) {
  pollfd entry{worker.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

}  // namespace volumeter
