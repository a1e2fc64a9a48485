// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace volumeter {

// Writes lines to a descriptor in a thread of its own, so that nothing waits for the reader of the
// log: a pipe that nobody empties, a journald that is stopped, a disk that hangs. Lines that find
// no room or cannot be written are dropped and counted. Thread-safe.
class LogQueue {
 public:
  static constexpr std::size_t kMaxBytes = 1 << 20;

  // The line that says how many were dropped, with its line feed.
  using Notice = std::function<std::string(std::uint64_t dropped)>;

  // The descriptor must stay open until the program ends.
  LogQueue(int descriptor, Notice notice);

  // Starts the thread, which has the capabilities of the caller; until then lines wait.
  void start();

  // Waits half a second for what is queued; a thread that is stuck is left to the end of the
  // program.
  ~LogQueue();

  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;

  void add(std::string line);

  std::uint64_t dropped() const;  // since start

 private:
  struct State;

  const std::shared_ptr<State> state_;  // of the thread as well
  std::thread thread_;
};

}  // namespace volumeter
