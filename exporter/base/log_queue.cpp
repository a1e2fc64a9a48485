// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/log_queue.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>
#include <utility>

namespace volumeter {
namespace {

constexpr std::chrono::milliseconds kLastWords{500};
constexpr int kPollMilliseconds = 100;

}  // namespace

struct LogQueue::State {
  const int descriptor;
  const Notice notice;

  std::mutex mutex;  // of those below
  std::condition_variable changed;
  std::deque<std::string> lines;
  std::size_t bytes = 0;  // of them
  std::uint64_t dropped = 0;
  bool is_ending = false;
  bool is_done = false;

  // Of the thread alone.
  std::uint64_t noticed = 0;    // of those dropped
  bool is_within_line = false;  // the last write ended there

  State(int fd, Notice what) : descriptor(fd), notice(std::move(what)) {}

  void run();
  std::string take();
  bool write_line(const std::string& line);
  bool write_all(std::string_view text);
  void mention_dropped();
};

// Empty: no line is left, and none will come.
std::string LogQueue::State::take() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [this] { return is_ending || !lines.empty(); });
  if (lines.empty()) return {};
  std::string line = std::move(lines.front());
  lines.pop_front();
  bytes -= line.size();
  return line;
}

void LogQueue::State::run() {
  for (std::string line = take(); !line.empty(); line = take()) {
    if (write_line(line)) {
      mention_dropped();
    } else {
      const std::lock_guard lock(mutex);
      ++dropped;
    }
  }
  const std::lock_guard lock(mutex);
  is_done = true;
  changed.notify_all();
}

void LogQueue::State::mention_dropped() {
  const auto count = [this] {
    const std::lock_guard lock(mutex);
    return dropped;
  }();
  if (count > noticed && write_line(notice(count - noticed))) noticed = count;
}

// A line that a full disk cut off is ended first.
bool LogQueue::State::write_line(const std::string& line) {
  return (!is_within_line || write_all("\n")) && write_all(line);
}

bool LogQueue::State::write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
      is_within_line = !text.empty();
    } else if (errno == EAGAIN) {  // whoever shares the descriptor made it non-blocking
      pollfd entry{descriptor, POLLOUT, 0};
      ::poll(&entry, 1, kPollMilliseconds);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

LogQueue::LogQueue(int descriptor, Notice notice)
    : state_(std::make_shared<State>(descriptor, std::move(notice))) {}

void LogQueue::start() {
  thread_ = std::thread([state = state_] { state->run(); });
}

LogQueue::~LogQueue() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(state_->mutex);
  state_->is_ending = true;
  state_->changed.notify_all();
  const bool done = state_->changed.wait_for(lock, kLastWords, [this] { return state_->is_done; });
  lock.unlock();
  if (done) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void LogQueue::add(std::string line) {
  if (line.empty()) return;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->bytes + line.size() > kMaxBytes) {
      ++state_->dropped;
      return;
    }
    state_->bytes += line.size();
    state_->lines.push_back(std::move(line));
  }
  state_->changed.notify_all();
}

std::uint64_t LogQueue::dropped() const {
  const std::lock_guard lock(state_->mutex);
  return state_->dropped;
}

}  // namespace volumeter
