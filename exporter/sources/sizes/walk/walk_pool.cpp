// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/walk_pool.h"

#include <string_view>
#include <utility>

namespace volumeter {

const char* WalkTask::take_name() {
  const char* name = names.data() + next;
  next += std::string_view(name).size() + 1;
  return name;
}

std::optional<WalkTask> WalkTask::split() {
  const std::size_t middle = names.find('\0', next + (names.size() - next) / 2);
  if (middle == std::string::npos || middle + 1 == names.size()) return {};
  WalkTask half{.directory = directory, .names = names.substr(middle + 1)};
  names.resize(middle + 1);
  return half;
}

void WalkPool::give(WalkTask task) {
  {
    const std::lock_guard lock(mutex_);
    reserve_.push_back(std::move(task));
    update();
  }
  changed_.notify_one();
}

std::optional<WalkTask> WalkPool::take() {
  std::unique_lock lock(mutex_);
  ++waiting_;
  update();
  changed_.wait(lock, [this] { return is_over_ || is_stopped() || !reserve_.empty(); });
  if (is_over_ || is_stopped()) return {};
  --waiting_;
  WalkTask task = std::move(reserve_.front());
  reserve_.pop_front();
  update();
  return task;
}

void WalkPool::leave(unsigned members) {
  const std::lock_guard lock(mutex_);
  members_ -= members;
  update();
}

void WalkPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_.store(true, std::memory_order_relaxed);
  }
  changed_.notify_all();
}

void WalkPool::update() {
  wants_work_.store(members_ > 1 && reserve_.size() <= waiting_, std::memory_order_relaxed);
  if (waiting_ < members_ || !reserve_.empty()) return;
  is_over_ = true;
  changed_.notify_all();
}

}  // namespace volumeter
