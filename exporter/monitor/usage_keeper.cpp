// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/usage_keeper.h"

#include <chrono>

namespace volumeter {
namespace {

constexpr SavedState::Wording kUsageWording{"state", "usage history",
                                            "last-used times of volumes are lost"};

// The precision of "last used" after a crash.
constexpr std::chrono::minutes kSaveInterval{10};

}  // namespace

UsageKeeper::UsageKeeper(const std::string& directory, ChangeLog& log)
    : file_(directory, "history.txt", kUsageWording, log) {
  file_.restore([this](std::string_view text) { return history_.restore(text); });
  times_ = std::make_shared<const UsageTimes>(history_.times());
}

UsageKeeper::~UsageKeeper() {
  if (watched_until_) save(*watched_until_);
}

void UsageKeeper::observe(const Inventory& inventory, WallTime now) {
  const bool changed = history_.observe(inventory, now);
  watched_until_ = now;
  if (!changed) return;
  {
    const std::lock_guard lock(mutex_);
    times_ = std::make_shared<const UsageTimes>(history_.times());
  }
  save(now);
}

void UsageKeeper::still_watching(WallTime now) {
  watched_until_ = now;
  // Keeps saving after the clock was set back.
  if (!saved_at_ || std::chrono::abs(now - *saved_at_) >= kSaveInterval) save(now);
}

void UsageKeeper::save(WallTime now) {
  if (!file_.is_writing()) return;
  saved_at_ = now;
  file_.submit(history_.to_text(now));
}

std::shared_ptr<const UsageTimes> UsageKeeper::times() const {
  const std::lock_guard lock(mutex_);
  return times_;
}

}  // namespace volumeter
