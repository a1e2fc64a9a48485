// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/scan_schedule.h"

#include <algorithm>

namespace volumeter {
namespace {

using std::chrono::nanoseconds;

constexpr SteadyTime kAtOnce{};  // steady clocks count up from the start of the machine
constexpr auto kIdlePause = std::chrono::hours(1);
constexpr auto kHeldPause = std::chrono::seconds(1);
constexpr ScanGrant kStep{.cpu = std::chrono::milliseconds(20),
                          .wall = std::chrono::milliseconds(500)};
constexpr ScanGrant kFreeStep{.cpu = std::chrono::hours(1), .wall = std::chrono::seconds(1)};
constexpr std::size_t kFreeScans = 3;  // at a time, without a budget
// A target whose size changes, or is not known to stand still, is measured so much oftener.
constexpr int kOftener = 10;
// What costs more may not take the last places, so that what is short need not wait for it.
constexpr nanoseconds kLongCpu = std::chrono::milliseconds(200);
constexpr nanoseconds kLongWork = std::chrono::seconds(2);
constexpr int kMaxLooks = 4096;  // into the queue, for one that can be started

}  // namespace

ScanSchedule::ScanSchedule(ScanScheduleOptions options)
    : options_(options), budget_(options.cpu_share) {}

std::vector<std::string> ScanSchedule::set_targets(const std::vector<SizeTarget>& targets) {
  std::unordered_map<std::string, const SizeTarget*> wanted;
  for (const SizeTarget& target : targets) wanted.emplace(target.key, &target);
  std::vector<std::string> gone;
  for (const auto& [key, entry] : entries_) {
    const auto found = wanted.find(key);
    if (found == wanted.end() || !found->second->is_same_as(entry.target)) gone.push_back(key);
  }
  for (const std::string& key : gone) drop(key);
  for (const auto& [key, target] : wanted) {
    const auto [entry, is_new] = entries_.try_emplace(key);
    entry->second.target = *target;
    if (!is_new) continue;
    entry->second.period = options_.interval / kOftener;
    enqueue(key, kAtOnce);
  }
  return gone;
}

ScanSchedule::Turn ScanSchedule::next(SteadyTime now, bool held) {
  budget_.refill(now);
  const std::size_t at_once = budget_.is_limited() ? 1 : kFreeScans;
  std::size_t active = 0;
  SteadyTime stalls = now + kIdlePause;
  for (const auto& [key, scan] : scans_) {
    if (!scan.is_running || is_stalled(scan, now)) continue;
    ++active;
    stalls = std::min(stalls, scan.changed + kStalledAfter);
  }
  if (active >= at_once) return {Turn::Kind::kWait, {}, stalls};
  if (held) return {Turn::Kind::kWait, {}, now + kHeldPause};
  if (const auto wait = budget_.wait(); wait > nanoseconds::zero()) {
    return {Turn::Kind::kWait, {}, now + wait};
  }
  const auto overdue = overdue_had_its_turn_ ? std::nullopt : first_overdue(now);
  if (overdue) return {Turn::Kind::kResume, *overdue, {}};
  if (const auto key = first_startable(now)) return {Turn::Kind::kStart, *key, {}};
  if (const auto key = cheapest_waiting()) return {Turn::Kind::kResume, *key, {}};
  const SteadyTime due = queue_.empty() ? now + kIdlePause : queue_.begin()->first;
  // What is due and cannot be started waits for a place.
  return {Turn::Kind::kWait, {}, due > now ? due : now + kHeldPause};
}

ScanGrant ScanSchedule::grant() const { return budget_.is_limited() ? kStep : kFreeStep; }

std::optional<std::string> ScanSchedule::first_startable(SteadyTime now) const {
  const auto stalled =
      static_cast<std::size_t>(std::count_if(scans_.begin(), scans_.end(), [&](const auto& scan) {
        return is_stalled(scan.second, now);
      }));
  if (stalled >= kMaxStalled || scans_.size() - stalled >= kMaxScans) return {};
  const bool is_full_of_long_ones = long_scans(now) >= kMaxLongScans;
  int looks = 0;
  for (const auto& [due, key] : queue_) {
    if (due > now || ++looks > kMaxLooks) break;
    if (!is_full_of_long_ones || !entries_.at(key).was_long) return key;
  }
  return {};
}

std::optional<std::string> ScanSchedule::first_overdue(SteadyTime now) const {
  const std::pair<const std::string, Scan>* oldest = nullptr;
  for (const auto& scan : scans_) {
    if (scan.second.is_running || scan.second.changed + kPatience > now) continue;
    if (oldest == nullptr || scan.second.changed < oldest->second.changed) oldest = &scan;
  }
  return oldest == nullptr ? std::nullopt : std::optional(oldest->first);
}

std::optional<std::string> ScanSchedule::cheapest_waiting() const {
  const std::pair<const std::string, Scan>* cheapest = nullptr;
  for (const auto& scan : scans_) {
    if (scan.second.is_running) continue;
    if (cheapest == nullptr || scan.second.cpu < cheapest->second.cpu) cheapest = &scan;
  }
  return cheapest == nullptr ? std::nullopt : std::optional(cheapest->first);
}

bool ScanSchedule::is_long(const Scan& scan) {
  return scan.cpu > kLongCpu || scan.work > kLongWork;
}

std::size_t ScanSchedule::long_scans(SteadyTime now) const {
  return static_cast<std::size_t>(
      std::count_if(scans_.begin(), scans_.end(), [&](const auto& scan) {
        return scan.second.holds_long_place && !is_stalled(scan.second, now);
      }));
}

bool ScanSchedule::is_stalled(const Scan& scan, SteadyTime now) const {
  return scan.is_running && now - scan.changed >= kStalledAfter;
}

void ScanSchedule::running(const std::string& key, SteadyTime now) {
  Entry& entry = entries_.at(key);
  dequeue(key, entry);
  const auto [scan, is_new] = scans_.try_emplace(key);
  overdue_had_its_turn_ = !is_new && scan->second.changed + kPatience <= now;
  if (is_new) {
    scan->second.began = now;
    scan->second.holds_long_place = entry.was_long;
  }
  scan->second.changed = now;
  if (!scan->second.is_running) ++running_;
  scan->second.is_running = true;
}

void ScanSchedule::paused(const std::string& key, nanoseconds cpu, SteadyTime now) {
  stop_running(scans_.at(key), cpu, now);
}

bool ScanSchedule::keep_place(const std::string& key, SteadyTime now) {
  Scan& scan = scans_.at(key);
  if (scan.holds_long_place || !is_long(scan)) return true;
  scan.holds_long_place = long_scans(now) < kMaxLongScans;
  if (scan.holds_long_place) return true;
  entries_.at(key).was_long = true;
  scans_.erase(key);
  enqueue(key, now);
  return false;
}

void ScanSchedule::stop_running(Scan& scan, nanoseconds cpu, SteadyTime now) {
  if (!scan.is_running) return;
  const nanoseconds wall = now - scan.changed;
  scan.is_running = false;
  scan.changed = now;
  scan.cpu += cpu;
  scan.work += wall;
  --running_;
  // What hangs keeps no disk busy.
  budget_.spend(cpu, wall < kStalledAfter ? wall : nanoseconds::zero());
}

void ScanSchedule::finished(const std::string& key, nanoseconds cpu, bool changed, SteadyTime now) {
  Scan& scan = scans_.at(key);
  stop_running(scan, cpu, now);
  Entry& entry = entries_.at(key);
  entry.was_long = is_long(scan);
  entry.period =
      changed ? options_.interval / kOftener : std::min(entry.period * 2, options_.interval);
  const SteadyTime due = std::max(scan.began + entry.period, now + scan.work * options_.gap_factor);
  scans_.erase(key);
  enqueue(key, due);
}

void ScanSchedule::failed(const std::string& key, nanoseconds retry_after, SteadyTime now) {
  if (const auto scan = scans_.find(key); scan != scans_.end()) {
    stop_running(scan->second, {}, now);
    scans_.erase(scan);
  }
  enqueue(key, now + retry_after);
}

std::vector<std::string> ScanSchedule::running_since(SteadyTime before) const {
  std::vector<std::string> found;
  for (const auto& [key, scan] : scans_) {
    if (scan.is_running && scan.changed <= before) found.push_back(key);
  }
  return found;
}

std::size_t ScanSchedule::queue_length(SteadyTime now) {
  auto place = queue_.lower_bound({counted_until_ + nanoseconds(1), std::string()});
  for (; place != queue_.end() && place->first <= now; ++place) ++overdue_;
  counted_until_ = std::max(counted_until_, now);
  return overdue_;
}

const SizeTarget* ScanSchedule::target(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second.target;
}

void ScanSchedule::enqueue(const std::string& key, SteadyTime due) {
  Entry& entry = entries_.at(key);
  dequeue(key, entry);
  entry.due = due;
  queue_.emplace(due, key);
  if (due <= counted_until_) ++overdue_;
}

void ScanSchedule::dequeue(const std::string& key, Entry& entry) {
  if (!entry.due) return;
  queue_.erase({*entry.due, key});
  if (*entry.due <= counted_until_) --overdue_;
  entry.due.reset();
}

void ScanSchedule::drop(const std::string& key) {
  const auto entry = entries_.find(key);
  dequeue(key, entry->second);
  if (const auto scan = scans_.find(key); scan != scans_.end()) {
    if (scan->second.is_running) --running_;
    scans_.erase(scan);
  }
  entries_.erase(entry);
}

}  // namespace volumeter
