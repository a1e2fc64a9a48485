// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "exporter/sources/docker/watcher.h"
#include "tests/support/captured_log.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_engine.h"

namespace volumeter::test {

// For an engine that answers at once.
inline docker::Pace hasty() {
  using namespace std::chrono_literals;
  docker::Pace pace;
  pace.quiet = 2ms;
  pace.longest_wait = 10ms;
  pace.shortest_gap = 1ms;
  pace.longest_gap = 5ms;
  pace.first_retry = 2ms;
  pace.last_retry = 10ms;
  pace.steady_after = 5ms;
  return pace;
}

// A watcher of a scripted engine, with its log and a way to wait for a state.
class Watching {
 public:
  explicit Watching(docker::Pace pace = hasty())
      : watcher_(engine.host(), log.log, {"", pace}, [this] { count_change(); }) {}

  docker::Watcher* operator->() { return &watcher_; }

  // True once the state matches; false if it does not within ten seconds.
  bool becomes(const std::function<bool(const docker::State&)>& wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10),
                             [&] { return wanted(watcher_.state()); });
  }

  bool has_volumes(std::size_t count) {
    return becomes([=](const docker::State& state) {
      return state.up && state.facts->volumes.size() == count;
    });
  }

  // Waits for the second list, which follows the opening of the stream.
  bool settles() {
    return eventually([&] { return engine.is_streaming() && engine.times_asked("/volumes") >= 2; });
  }

  int changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }

  ScriptedEngine engine;
  CapturedLog log;  // read it only while the watcher has no thread

 private:
  void count_change() {
    const std::lock_guard lock(mutex_);
    ++changes_;
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int changes_ = 0;
  docker::Watcher watcher_;
};

}  // namespace volumeter::test
