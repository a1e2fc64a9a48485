// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "exporter/base/parsed.h"
#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/model/inventory.h"

namespace volumeter {

// When one volume was used, in Unix seconds.
struct VolumeTimes {
  double first_seen = 0;            // by this agent
  std::optional<double> last_used;  // by a running container; absent: never observed
  bool in_use = false;              // at the last observation
  std::optional<double> created;    // CreatedAt of the engine
  // The newest events that were taken into account; not saved.
  std::optional<double> remade_event;
  std::optional<double> used_event;

  // Since when no running container refers to it, as far as this agent observed.
  std::optional<double> unused_since() const {
    if (in_use) return {};
    return last_used.value_or(first_seen);
  }
};

using UsageTimes = std::unordered_map<std::string, VolumeTimes>;

// Remembers when each volume was last used, across restarts of the agent. Reads neither a clock
// nor a file: both are passed in.
class UsageHistory {
 public:
  // Records an observation; true if it changed anything that should be saved. What an incomplete list
  // of volumes lacks is not forgotten.
  bool observe(const Inventory& inventory, WallTime now);

  const UsageTimes& times() const { return times_; }

  // The text of the state file. `watched_until` is the time of the last observation: the last use
  // of a volume that is in use now and no longer at the next start.
  std::string to_text(WallTime watched_until) const;

  // Restores a saved text and returns how many lines were skipped. kMalformed, and nothing is
  // restored, if the text is not a state file of a known format.
  Result<std::size_t> restore(std::string_view text);

 private:
  bool observe_volume(const VolumeFacts& volume, double now, bool saw_all_events);
  bool is_reborn(const VolumeFacts& volume, const VolumeTimes& known, bool saw_all_events) const;

  UsageTimes times_;
  std::optional<double> last_look_;
  bool last_look_restored_ = false;  // it is from before this agent started
  std::uint64_t event_gaps_ = 0;     // at the last observation
};

}  // namespace volumeter
