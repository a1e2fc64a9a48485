// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/base/time.h"
#include "exporter/model/size_history.h"
#include "exporter/sources/os/state_file.h"

namespace volumeter {

// The last sizes and their file, sizes.txt: restored on construction, saved seldom. health() is
// thread-safe, the rest is for one thread.
class SizeKeeper {
 public:
  // If `directory` is empty nothing is restored or saved.
  SizeKeeper(const std::string& directory, ChangeLog& log);

  // Enables writing, which --once never does. Renames a damaged file.
  void start_writing();

  // As SizeHistory::take().
  SizeReadings take(const Inventory& inventory, WallTime now) {
    return history_.take(inventory, now);
  }

  // Whether it is time to save: one minute after the first call, then every ten.
  bool is_due(SteadyTime now);

  // `inventory` must be complete: what it lacks is forgotten.
  void save(const Inventory& inventory, const SizeReadings& readings);

  SourceHealth health() const;  // source "state"; only with a directory

 private:
  void restore();

  ChangeLog& log_;
  std::unique_ptr<StateFile> file_;
  SizeHistory history_;
  bool writing_ = false;
  bool damaged_ = false;       // the restored file
  bool is_unread_ = false;     // its filesystem hangs
  std::size_t bad_lines_ = 0;  // of it
  std::optional<SteadyTime> next_save_;
};

}  // namespace volumeter
