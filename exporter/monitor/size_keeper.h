// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/base/time.h"
#include "exporter/model/size_history.h"
#include "exporter/monitor/saved_state.h"

namespace volumeter {

// The last sizes and their file, sizes.txt: restored on construction, saved seldom. health() is
// thread-safe, the rest is for one thread.
class SizeKeeper {
 public:
  // If `directory` is empty nothing is restored or saved.
  SizeKeeper(const std::string& directory, ChangeLog& log);

  // Enables writing, which --once never does.
  void start_writing() { file_.start_writing(); }

  // As SizeHistory::take().
  SizeReadings take(const Inventory& inventory, WallTime now) {
    return history_.take(inventory, now);
  }

  // Whether it is time to save: one minute after the first call, then every ten.
  bool is_due(SteadyTime now);

  // `inventory` must be complete: what it lacks is forgotten.
  void save(const Inventory& inventory, const SizeReadings& readings);

  SourceHealth health() const { return file_.health(); }

 private:
  SavedState file_;
  SizeHistory history_;
  std::optional<SteadyTime> next_save_;
};

}  // namespace volumeter
