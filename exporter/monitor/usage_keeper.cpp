// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/usage_keeper.h"

#include <chrono>

namespace volumeter {
namespace {

constexpr std::string_view kSubject = "state";
constexpr std::string_view kLost =
    "cannot read the saved usage history; last-used times of volumes are lost";

// The precision of "last used" after a crash.
constexpr std::chrono::minutes kSaveInterval{10};

}  // namespace

UsageKeeper::UsageKeeper(const std::string& directory, ChangeLog& log) : log_(log) {
  if (directory.empty()) return;
  file_ = std::make_unique<StateFile>(directory, "history.txt", log);
  restore();
}

UsageKeeper::~UsageKeeper() {
  if (writing_ && watched_until_) save(*watched_until_);
}

void UsageKeeper::restore() {
  const auto text = file_->read();
  if (!text) {
    if (text.error().kind == ErrorKind::kNotFound) return;  // the first start on this host
    if (text.error().kind == ErrorKind::kTimeout) {
      is_unread_ = true;  // to be kept
      log_.warning(kSubject,
                   "no answer from the filesystem of the state directory; last-used times of "
                   "volumes are unknown and nothing is saved; check that filesystem and restart",
                   {{"path", text.error().where}});
      return;
    }
    log_.warning(kSubject, kLost, {{"error", text.error().text()}});
    damaged_ = true;
    return;
  }
  const auto bad_lines = history_.restore(*text);
  damaged_ = !bad_lines || *bad_lines > 0;
  bad_lines_ = bad_lines ? *bad_lines : 1;
  if (!bad_lines) {
    log_.warning(kSubject, kLost, {{"error", bad_lines.error().text()}});
  } else if (damaged_) {
    log_.warning(
        kSubject,
        "saved usage history is damaged; last-used times of the volumes on these lines are "
        "lost",
        {{"lines", std::to_string(*bad_lines)}});
  }
  times_ = std::make_shared<const UsageTimes>(history_.times());
}

void UsageKeeper::start_writing() {
  if (file_ == nullptr || is_unread_) return;
  writing_ = true;
  file_->check();
  if (!damaged_) return;
  const auto aside = file_->set_aside();
  if (aside) {
    log_.warning(kSubject, "damaged usage history renamed", {{"path", *aside}});
  } else {
    log_.warning(kSubject, "cannot rename the damaged usage history; it will be overwritten",
                 {{"error", aside.error().text()}});
  }
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
  if (!writing_) return;
  saved_at_ = now;
  file_->submit(history_.to_text(now));
}

std::shared_ptr<const UsageTimes> UsageKeeper::times() const {
  const std::lock_guard lock(mutex_);
  return times_;
}

void UsageKeeper::check_directory() {
  if (file_ != nullptr) file_->check();
}

SourceHealth UsageKeeper::health() const {
  SourceHealth health = file_->health();
  health.bad_items = bad_lines_;
  return health;
}

}  // namespace volumeter
