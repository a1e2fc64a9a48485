// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scripted_engine.h"

#include <algorithm>

namespace volumeter::test {
namespace {

Error refused(const std::string& target) {
  return {ErrorKind::kNotFound, "GET " + target, "Connection refused"};
}

// "/v1.41/volumes" -> "/volumes"
std::string without_version(const std::string& target) {
  return target.starts_with("/v1.") ? target.substr(target.find('/', 1)) : target;
}

}  // namespace

ScriptedEngine::ScriptedEngine() {
  host_.now = [] { return std::chrono::system_clock::now(); };
  host_.steady_now = [] { return std::chrono::steady_clock::now(); };
  host_.docker_get = [this](const std::string& target, std::stop_token stop) {
    return get(target, stop);
  };
  host_.docker_stream = [this](const std::string& target,
                               const std::function<bool(std::string_view)>& on_data,
                               std::stop_token stop) { return stream(target, on_data, stop); };
  answer("/_ping", {200, "OK", "1.41", false});
  answer("/version", R"({"Version":"20.10.24","Components":[{"Name":"Engine"}]})");
  answer("/info", R"({"Driver":"overlay2","DockerRootDir":"/var/lib/docker"})");
  answer("/volumes", R"({"Volumes":null,"Warnings":null})");
  answer("/containers/json?all=1", "[]");
}

void ScriptedEngine::answer(const std::string& path, HttpReply reply) {
  const std::lock_guard lock(mutex_);
  answers_[path] = [reply](std::stop_token) -> Result<HttpReply> { return reply; };
}

void ScriptedEngine::fail(const std::string& path, Error error) {
  const std::lock_guard lock(mutex_);
  answers_[path] = [error](std::stop_token) -> Result<HttpReply> { return error; };
}

void ScriptedEngine::hang(const std::string& path) {
  const std::lock_guard lock(mutex_);
  answers_[path] = [this, path](std::stop_token stop) -> Result<HttpReply> {
    std::unique_lock waiting(mutex_);
    changed_.wait(waiting, stop, [] { return false; });
    return Error{ErrorKind::kIo, path, "stopped"};
  };
}

void ScriptedEngine::shut_down() {
  {
    const std::lock_guard lock(mutex_);
    down_ = end_stream_ = true;
  }
  changed_.notify_all();
}

void ScriptedEngine::start_up() {
  const std::lock_guard lock(mutex_);
  down_ = false;
}

void ScriptedEngine::send_event(std::string_view line) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::string(line) + "\n");
  }
  changed_.notify_all();
}

void ScriptedEngine::refuse_stream(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  stream_error_ = std::move(error);
}

void ScriptedEngine::end_stream() {
  {
    const std::lock_guard lock(mutex_);
    end_stream_ = true;
  }
  changed_.notify_all();
}

void ScriptedEngine::on_stream(std::function<void()> act) {
  const std::lock_guard lock(mutex_);
  on_stream_ = std::move(act);
}

std::vector<std::string> ScriptedEngine::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

std::size_t ScriptedEngine::times_asked(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(asked_.begin(), asked_.end(),
                    [&](const std::string& target) { return without_version(target) == path; }));
}

bool ScriptedEngine::is_streaming() const {
  const std::lock_guard lock(mutex_);
  return streaming_;
}

Result<HttpReply> ScriptedEngine::get(const std::string& target, std::stop_token stop) {
  Answer answer;
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(target);
    if (down_) return refused(target);
    const auto found = answers_.find(without_version(target));
    if (found == answers_.end())
      return HttpReply{404, R"({"message":"page not found"})", {}, false};
    answer = found->second;
  }
  return answer(stop);
}

Result<> ScriptedEngine::stream(const std::string& target,
                                const std::function<bool(std::string_view)>& on_data,
                                std::stop_token stop) {
  std::unique_lock lock(mutex_);
  asked_.push_back(target);
  if (down_) return refused(target);
  if (stream_error_) return *stream_error_;
  streaming_ = true;
  end_stream_ = false;
  const auto act = on_stream_;
  lock.unlock();
  act();
  lock.lock();
  std::string piece;  // the first one is empty, see HostAccess
  do {
    lock.unlock();
    const bool wanted = on_data(piece);
    lock.lock();
    if (!wanted) break;
    changed_.wait(lock, stop, [this] { return end_stream_ || !events_.empty(); });
    piece.clear();
    if (!events_.empty()) {
      piece = events_.front();
      events_.pop_front();
    }
  } while (!end_stream_ && !stop.stop_requested());
  streaming_ = false;
  return Nothing{};
}

}  // namespace volumeter::test
