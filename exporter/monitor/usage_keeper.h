// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/base/time.h"
#include "exporter/model/usage_history.h"
#include "exporter/monitor/saved_state.h"

namespace volumeter {

// The usage history of volumes and its file: restored on construction, saved after each change and
// every ten minutes. observe() and still_watching() are for one thread, the rest is thread-safe.
class UsageKeeper {
 public:
  // If `directory` is empty nothing is restored or saved.
  UsageKeeper(const std::string& directory, ChangeLog& log);

  // Saves the current state.
  ~UsageKeeper();

  // Enables writing, which --once never does.
  void start_writing() { file_.start_writing(); }

  // Reports now if the directory is not writable.
  void check_directory() { file_.check_directory(); }

  void observe(const Inventory& inventory, WallTime now);

  // Records that the host is still being watched, without a change.
  void still_watching(WallTime now);

  std::shared_ptr<const UsageTimes> times() const;  // never null

  // Source "state": up unless the last write failed. Only with a directory.
  SourceHealth health() const { return file_.health(); }

 private:
  void save(WallTime now);

  SavedState file_;
  UsageHistory history_;
  std::optional<WallTime> saved_at_;
  std::optional<WallTime> watched_until_;

  mutable std::mutex mutex_;  // guards times_
  std::shared_ptr<const UsageTimes> times_ = std::make_shared<const UsageTimes>();
};

}  // namespace volumeter
