// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "exporter/base/parsed.h"
#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/model/inventory.h"

namespace volumeter {

// What is known of the past of one volume; Unix seconds.
struct VolumeTimes {
  double first_seen = 0;            // by this agent
  std::optional<double> last_used;  // a running container referred to it; absent: never seen
  bool in_use = false;              // at the newest look
  std::optional<double> created;    // as Docker says

  // Since when no running container refers to it, as far as this agent can know.
  std::optional<double> unused_since() const {
    if (in_use) return {};
    return last_used.value_or(first_seen);
  }
};

using UsageTimes = std::unordered_map<std::string, VolumeTimes>;

// Remembers when each volume was last used, over restarts of the agent. It reads no clock
// and no file: both are handed in.
class UsageHistory {
 public:
  // Takes in a new look at the host; true if there is something new worth saving.
  bool observe(const Inventory& inventory, WallTime now);

  const UsageTimes& times() const { return times_; }

  // The text of the state file. `watched_until` is when the host was last looked at: what
  // was in use then was last used then, should it be out of use at the next start.
  std::string to_text(WallTime watched_until) const;

  // Takes over a saved text; how many lines it had to leave out. kMalformed, and nothing
  // taken over, if the text is no state file of a format known here.
  Result<std::size_t> restore(std::string_view text);

 private:
  bool observe_volume(const VolumeFacts& volume, double now);

  UsageTimes times_;
  std::optional<double> last_look_;
  bool last_look_restored_ = false;  // it was taken before this agent started
};

}  // namespace volumeter
