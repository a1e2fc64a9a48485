// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/parallel_get.h"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace volumeter::docker {
namespace {

Error unanswered(const std::string& target, std::chrono::milliseconds deadline) {
  return {ErrorKind::kTimeout, "GET " + target.substr(0, target.find('?')),
          "no response within " + std::to_string(deadline.count()) + " ms"};
}

}  // namespace

std::vector<Result<HttpReply>> get_in_parallel(const HostAccess& host,
                                               const std::vector<std::string>& targets,
                                               std::chrono::milliseconds deadline,
                                               std::stop_token stop) {
  std::vector<Result<HttpReply>> replies;
  replies.reserve(targets.size());
  for (const std::string& target : targets) replies.emplace_back(unanswered(target, deadline));

  std::mutex mutex;  // guards the three below, and replies
  std::condition_variable_any answered;
  std::size_t open = targets.size();
  bool is_over = false;  // a reply from now on is that of a request that was given up
  std::stop_source give_up;
  const auto ask = [&](std::size_t i) {
    Result<HttpReply> reply = host.docker_get(targets[i], give_up.get_token());
    const std::lock_guard lock(mutex);
    if (!is_over) replies[i] = std::move(reply);
    --open;
    answered.notify_all();
  };

  std::vector<std::jthread> threads;
  threads.reserve(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    try {
      threads.emplace_back(ask, i);
    } catch (const std::system_error&) {  // a limit on threads, as in pids.max of a cgroup
      const std::lock_guard lock(mutex);
      replies[i] = Error{ErrorKind::kNotAsked, "GET " + targets[i], "no thread could be started"};
      --open;
    }
  }
  std::unique_lock lock(mutex);
  answered.wait_for(lock, stop, deadline, [&] { return open == 0; });
  is_over = true;
  lock.unlock();
  give_up.request_stop();
  threads.clear();
  return replies;
}

}  // namespace volumeter::docker
