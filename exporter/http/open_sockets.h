// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <set>

namespace volumeter {

// The sockets of a server's open connections. Thread-safe.
class OpenSockets {
 public:
  void add(int socket) {
    const std::lock_guard lock(mutex_);
    sockets_.insert(socket);
  }

  // To be called before the socket is closed.
  void remove(int socket) {
    const std::lock_guard lock(mutex_);
    sockets_.erase(socket);
    removed_.notify_all();
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return sockets_.size();
  }

  // Shuts down all of them and waits until they are removed or the timeout expires.
  void shut_down(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    removed_.wait_for(lock, limit, [this] { return sockets_.empty(); });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable removed_;
  std::set<int> sockets_;
};

}  // namespace volumeter
