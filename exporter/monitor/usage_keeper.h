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
#include "exporter/sources/os/state_file.h"

namespace volumeter {

// The history of use and its file: restored when made, saved after each change and every
// ten minutes. observe() and still_watching() belong to one thread, the rest to any.
class UsageKeeper {
 public:
  // An empty `directory`: nothing is restored or saved.
  UsageKeeper(const std::string& directory, ChangeLog& log);

  // Saves what has been seen up to now.
  ~UsageKeeper();

  // Until then nothing is written: --once only looks. A damaged file is set aside.
  void start_writing();

  void observe(const Inventory& inventory, WallTime now);

  // The host is being watched, though nothing changed.
  void still_watching(WallTime now);

  std::shared_ptr<const UsageTimes> times() const;  // never null

  // "state": up unless the file could not be written. Only with a directory.
  SourceHealth health() const;

 private:
  void restore();
  void save(WallTime now);

  ChangeLog& log_;
  std::unique_ptr<StateFile> file_;
  UsageHistory history_;
  bool writing_ = false;
  bool damaged_ = false;       // the file, when it was restored
  std::size_t bad_lines_ = 0;  // of it
  std::optional<WallTime> saved_at_;
  std::optional<WallTime> watched_until_;

  mutable std::mutex mutex_;  // of the one below
  std::shared_ptr<const UsageTimes> times_ = std::make_shared<const UsageTimes>();
};

}  // namespace volumeter
