// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/lister.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace volumeter::docker {
namespace {

// Of an inspection that failed.
constexpr std::chrono::seconds kFirstRetry{5};
constexpr std::chrono::seconds kLastRetry{300};

// Well below what Container::ended_lately covers.
constexpr std::chrono::minutes kLongGap{30};

constexpr std::size_t kMaxRemade = 10'000;

constexpr std::chrono::seconds kSweepInterval{50};  // with the periodic list
constexpr std::size_t kSweptAtOnce = 16;

std::map<std::string, ContainerState> states_by_id(const Facts* facts) {
  std::map<std::string, ContainerState> out;
  if (facts == nullptr) return out;
  for (const Container& container : facts->containers) out[container.id] = container.state;
  return out;
}

// What the list leaves out of a container, from its inspection.
void add_inspected_mounts(Facts& facts) {
  for (Container& container : facts.containers) {
    if (container.knows_mounts) continue;
    const auto details = facts.details.find(container.id);
    if (details == facts.details.end() || !details->second.mounts) continue;
    container.mounts = *details->second.mounts;
    container.knows_mounts = true;
  }
}

}  // namespace

Result<> Lister::connect(std::stop_token stop) {
  auto engine = client_.connect(stop);
  if (!engine) {
    was_away_ = true;
    return engine.error();
  }
  engine_ = *std::move(engine);
  retries_.clear();
  volumes_.drivers().add_all(client_.loaded_drivers());
  // Else only the event stream was cut, and what hangs still does.
  if (std::exchange(was_away_, false)) volumes_.reset_backoff();
  return Nothing{};
}

Result<> Lister::list(const PendingChanges& changes, std::stop_token stop) {
  auto next = std::make_shared<Facts>();
  next->engine = engine_;
  take_volume_events(changes);
  // Volumes first: a container created in between mounts a volume that is not listed yet, which
  // does less harm than a new volume that looks orphaned.
  if (changes.volumes || !facts_ || volumes_.is_partial()) {
    const auto renewed = volumes_.renew(stop);
    if (!renewed) return renewed.error();
  }
  for (const auto& [name, driver] : changes.created_volumes) {
    if (driver.empty() || driver == kLocalDriver) volumes_.want_again(name);
  }
  auto containers = client_.list_containers(stop);
  if (!containers) {
    // Not a driver has failed before, but the engine.
    was_away_ = was_away_ || containers.error().kind != ErrorKind::kTimeout;
    return containers.error();
  }
  Parsed<Container> parsed = *std::move(containers);
  bad_containers_ = {parsed.bad, std::move(parsed.first_bad)};
  next->containers = std::move(parsed.items);
  next->taken_at = host_.now();
  forget_old_details(changes, *next);
  add_inspected_mounts(*next);
  note_uses(changes, *next);
  join_volumes(*next);
  facts_ = std::move(next);
  listed_at_ = host_.steady_now();
  return Nothing{};
}

void Lister::take_volume_events(const PendingChanges& changes) {
  if (changes.missed_events) ++event_gaps_;
  DriverLists& drivers = volumes_.drivers();
  for (const auto& [name, driver] : changes.removed_volumes) {
    drivers.remove(name, driver.empty() ? std::string(kLocalDriver) : driver);
    remade_[{name, driver}] = host_.now();
    used_.erase({name, driver});
  }
  if (remade_.size() > kMaxRemade) {
    remade_.clear();
    ++event_gaps_;
  }
  // A driver that carried something out answers.
  for (const auto* volumes :
       {&changes.created_volumes, &changes.removed_volumes, &changes.used_volumes}) {
    for (const auto& [name, driver] : *volumes) drivers.reset_backoff(driver);
  }
}

// What containers used that may have ended before this list, as with `docker run --rm`.
void Lister::note_uses(const PendingChanges& changes, const Facts& next) {
  for (const auto& volume : changes.used_volumes) used_[volume] = next.taken_at;
  const auto note_mounts = [&](const std::vector<Container>& containers) {
    for (const Container& container : containers) {
      if (!changes.ran.contains(container.id)) continue;
      for (const ContainerMount& mount : container.mounts) {
        if (mount.type != MountType::kVolume) continue;
        used_[{mount.volume, mount.driver}] = next.taken_at;
      }
    }
  };
  if (changes.ran.empty()) return;
  if (facts_) note_mounts(facts_->containers);
  note_mounts(next.containers);
}

// Adds to each volume what the events say of it, and forgets the rest.
void Lister::add_times(Facts& next) {
  const auto newest = [](const TimesByVolume& times, const Volume& volume) {
    std::optional<WallTime> found;
    for (const auto& driver : {volume.driver, std::string()}) {
      const auto time = times.find({volume.name, driver});
      if (time != times.end() && (!found || time->second > *found)) found = time->second;
    }
    return found;
  };
  std::set<std::string_view> names;
  for (Volume& volume : next.volumes) {
    names.insert(volume.name);
    volume.used_at = newest(used_, volume);
    volume.remade_at = newest(remade_, volume);
  }
  const auto is_gone = [&](const auto& entry) { return !names.contains(entry.first.first); };
  std::erase_if(used_, is_gone);
  // An incomplete list may have it again later.
  if (next.has_all_volumes) std::erase_if(remade_, is_gone);
  next.event_gaps = event_gaps_;
}

// Those that the engine lists, and of drivers that may lack some those that containers mount.
void Lister::join_volumes(Facts& next) {
  next.has_all_volumes = volumes_.drivers().is_complete();
  std::vector<Volume> volumes = volumes_.drivers().volumes();
  std::multimap<std::string, std::string> listed;  // drivers by name
  for (const Volume& volume : volumes) listed.emplace(volume.name, volume.driver);
  const auto is_listed = [&](const Volume& mounted) {
    const auto [first, last] = listed.equal_range(mounted.name);
    return std::any_of(first, last, [&](const auto& entry) {
      return entry.second.empty() || mounted.driver.empty() || entry.second == mounted.driver;
    });
  };
  for (Volume& mounted : volumes_of(next.containers)) {
    volumes_.drivers().add(mounted.driver);
    if (!volumes_.drivers().may_lack_volumes_of(mounted.driver)) continue;
    if (is_listed(mounted)) continue;
    if (mounted.driver.empty() || mounted.driver == kLocalDriver) volumes_.want(mounted.name);
    mounted.is_listed = false;
    volumes.push_back(std::move(mounted));
  }
  std::stable_sort(volumes.begin(), volumes.end(),
                   [](const Volume& a, const Volume& b) { return a.name < b.name; });
  next.volumes = one_of_each_name(volumes, next.containers);
  next.volume_drivers = volumes_.drivers().drivers();
  add_times(next);
}

// Keeps the details of containers that still exist. Containers whose state changed or that an
// event named keep theirs until they are inspected again.
void Lister::forget_old_details(const PendingChanges& changes, Facts& next) {
  const auto old_states = states_by_id(facts_.get());
  std::map<std::string, SteadyTime> still_inspected;
  std::set<std::string> present;
  const std::set<std::string> swept = sweep(next.containers);
  for (const Container& container : next.containers) {
    present.insert(container.id);
    const auto old_state = old_states.find(container.id);
    if (old_state == old_states.end()) continue;
    if (const auto details = facts_->details.find(container.id); details != facts_->details.end()) {
      next.details.insert(*details);
    }
    if (must_inspect_again(container, old_state->second, changes)) {
      retries_.erase(container.id);
    } else if (!swept.contains(container.id)) {
      const auto inspected = inspected_.find(container.id);
      if (inspected != inspected_.end()) still_inspected.insert(*inspected);
    }
  }
  inspected_ = std::move(still_inspected);
  std::erase_if(retries_, [&](const auto& retry) { return !present.contains(retry.first); });
}

// The containers to be inspected once more now and then: no event and no change of state shows that
// a container failed to start. Of many only a few each time.
std::set<std::string> Lister::sweep(const std::vector<Container>& containers) {
  const SteadyTime now = host_.steady_now();
  if (!swept_at_) swept_at_ = now;
  if (now - *swept_at_ < kSweepInterval) return {};
  swept_at_ = now;
  std::vector<std::pair<SteadyTime, std::string>> oldest_first;
  for (const Container& container : containers) {
    const auto inspected = inspected_.find(container.id);
    if (container.state == ContainerState::kRunning || inspected == inspected_.end()) continue;
    oldest_first.emplace_back(inspected->second, container.id);
  }
  std::sort(oldest_first.begin(), oldest_first.end());
  if (oldest_first.size() > kSweptAtOnce) oldest_first.resize(kSweptAtOnce);
  std::set<std::string> ids;
  for (auto& [time, id] : oldest_first) ids.insert(std::move(id));
  return ids;
}

// After the event stream was cut, containers that ended before are as they were: an engine may have
// 10,000 of them.
bool Lister::must_inspect_again(const Container& container, ContainerState old_state,
                                const PendingChanges& changes) const {
  if (changes.details.contains(container.id) || old_state != container.state) return true;
  if (!changes.all_details) return false;
  const bool was_long_away = !listed_at_ || host_.steady_now() - *listed_at_ > kLongGap;
  const bool has_ended = container.state == ContainerState::kStopped;
  return was_long_away || container.state == ContainerState::kRunning ||
         (has_ended && container.ended_lately);
}

void Lister::inspect_some(SteadyTime until, std::stop_token stop) {
  if (has_all_details()) return;
  auto next = std::make_shared<Facts>(*facts_);
  for (const Container& container : next->containers) {
    if (stop.stop_requested()) return;
    if (is_done(container.id)) continue;
    inspect(container, *next, stop);
    if (host_.steady_now() >= until) break;
  }
  volumes_.ask_by_name(until, stop);
  add_inspected_mounts(*next);
  join_volumes(*next);
  facts_ = std::move(next);
}

void Lister::inspect(const Container& container, Facts& next, std::stop_token stop) {
  auto details = client_.inspect(container.id, stop);
  if (details) {
    next.details.insert_or_assign(container.id, *std::move(details));
  } else if (details.error().kind != ErrorKind::kNotFound) {
    // As of a busy engine: "context deadline exceeded".
    const auto [retry, is_new] = retries_.try_emplace(container.id, kFirstRetry, kLastRetry);
    retry->second.failed(host_.steady_now());
    next.details.erase(container.id);
    return;
  } else {
    next.details.erase(container.id);
  }
  retries_.erase(container.id);
  inspected_.insert_or_assign(container.id, host_.steady_now());
}

bool Lister::is_done(const std::string& id) const {
  if (inspected_.contains(id)) return true;
  const auto retry = retries_.find(id);
  return retry != retries_.end() && !retry->second.is_over(host_.steady_now());
}

bool Lister::has_all_details() const {
  if (volumes_.wants_more()) return false;
  return !facts_ ||
         std::all_of(facts_->containers.begin(), facts_->containers.end(),
                     [this](const Container& container) { return is_done(container.id); });
}

std::optional<SteadyTime> Lister::next_retry() const {
  std::optional<SteadyTime> earliest;
  for (const auto& [id, retry] : retries_) {
    if (!earliest || *retry.ends_at() < *earliest) earliest = retry.ends_at();
  }
  return earliest;
}

std::string Lister::first_bad() const {
  return volumes_.bad() > 0 ? volumes_.first_bad() : bad_containers_.first;
}

}  // namespace volumeter::docker
