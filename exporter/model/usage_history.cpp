// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/usage_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_set>

#include "exporter/base/fields.h"
#include "exporter/model/state_text.h"

namespace volumeter {
namespace {

constexpr std::string_view kHeader = "volumeter-state 1";

// A volume's line, fields as in VolumeTimes and the name last:
//   volume 1763876768.123 1763880000.000 0 1763876700.000 openclaw_database
std::optional<std::pair<std::string, VolumeTimes>> parse_volume(std::string_view line) {
  const auto first_seen = next_time(line);
  const auto last_used = next_time(line);
  const auto in_use = next_field(line);
  const auto created = next_time(line);
  auto name = decoded_name(next_field(line));
  const bool valid = first_seen.valid && first_seen.value && last_used.valid && created.valid &&
                     (in_use == "0" || in_use == "1") && name && !name->empty() &&
                     trim(line).empty();
  if (!valid) return {};
  return std::pair{std::move(*name), VolumeTimes{.first_seen = *first_seen.value,
                                                 .last_used = last_used.value,
                                                 .in_use = in_use == "1",
                                                 .created = created.value}};
}

}  // namespace

bool UsageHistory::observe(const Inventory& inventory, WallTime now) {
  // A clock may be weeks behind at boot, or in 1970, and step later: no time is before the last look.
  const double seconds = std::max(unix_seconds(now), last_look_.value_or(0));
  const bool saw_all_events = !last_look_restored_ && inventory.event_gaps == event_gaps_;
  bool changed = false;
  std::unordered_set<std::string_view> present;
  for (const VolumeFacts& volume : inventory.volumes) {
    present.insert(volume.name);
    changed |= observe_volume(volume, seconds, saw_all_events);
  }
  if (inventory.has_all_volumes) {
    changed |= std::erase_if(times_,
                             [&](const auto& entry) { return !present.contains(entry.first); }) > 0;
  }
  last_look_ = seconds;
  last_look_restored_ = false;
  event_gaps_ = inventory.event_gaps;
  return changed;
}

// Whether it is another volume of the same name. The engine's events say so; without them a later
// CreatedAt does, and to be a day late with "unused since" is better than a year early.
bool UsageHistory::is_reborn(const VolumeFacts& volume, const VolumeTimes& known,
                             bool saw_all_events) const {
  if (volume.remade_event && volume.remade_event != known.remade_event) return true;
  if (!last_look_) return false;
  // For local volumes CreatedAt is a directory's time, before Docker 23 the ctime of _data, which
  // changes with each file that a container creates there, and with a touch or chmod of it.
  if (known.in_use || (volume.created_may_move && saw_all_events)) return false;
  return volume.created && known.created != volume.created && *volume.created > *last_look_;
}

bool UsageHistory::observe_volume(const VolumeFacts& volume, double now, bool saw_all_events) {
  // Nor is any before the volume was made.
  const double not_before = volume.created.value_or(0);
  const auto [entry, is_new] =
      times_.try_emplace(volume.name, VolumeTimes{.first_seen = std::max(now, not_before)});
  VolumeTimes& times = entry->second;
  const bool reborn = !is_new && is_reborn(volume, times, saw_all_events);
  if (reborn) times = VolumeTimes{.first_seen = now};
  times.created = volume.created;
  times.remade_event = volume.remade_event;

  const VolumeTimes before = times;
  const bool in_use = volume.use == VolumeUse::kInUse;
  if (before.in_use && !in_use) {
    // If it ended while no agent ran, the last observation is the last known use.
    times.last_used = last_look_restored_ ? *last_look_ : now;
  }
  if (volume.last_released && *volume.last_released >= not_before && !in_use) {
    times.last_used = std::max(times.last_used.value_or(0), *volume.last_released);
  }
  // An event that came since the last observation.
  const bool was_used = volume.used_event && volume.used_event != times.used_event;
  if (was_used && !in_use) times.last_used = std::max(now, not_before);
  times.used_event = volume.used_event;
  times.in_use = in_use;
  return is_new || reborn || before.in_use != times.in_use || before.last_used != times.last_used;
}

std::string UsageHistory::to_text(WallTime watched_until) const {
  const double until = std::max(unix_seconds(watched_until), last_look_.value_or(0));
  std::string out = fmt::format("{}\nwatched_until {:.3f}\n", kHeader, until);
  const std::map<std::string_view, const VolumeTimes*> sorted = [&] {
    std::map<std::string_view, const VolumeTimes*> all;
    for (const auto& [name, times] : times_) all.emplace(name, &times);
    return all;
  }();
  for (const auto& [name, times] : sorted) {
    fmt::format_to(std::back_inserter(out), "volume {} {} {} {} {}\n", time_text(times->first_seen),
                   time_text(times->last_used), times->in_use ? 1 : 0, time_text(times->created),
                   encoded_name(name));
  }
  return out;
}

Result<std::size_t> UsageHistory::restore(std::string_view text) {
  if (next_line(text) != kHeader) {
    return Error{ErrorKind::kMalformed, "state file", "does not begin with \"volumeter-state 1\""};
  }
  std::size_t bad = 0;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const auto word = next_field(line);
    if (word == "watched_until") {
      const auto time = next_time(line);
      if (time.valid && time.value) {
        last_look_ = time.value;
      } else {
        ++bad;
      }
    } else if (auto volume = word == "volume" ? parse_volume(line) : std::nullopt) {
      times_.insert(std::move(*volume));
    } else if (!word.empty()) {
      ++bad;
    }
  }
  last_look_restored_ = last_look_.has_value();
  return bad;
}

}  // namespace volumeter
