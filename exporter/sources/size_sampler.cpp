// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/size_sampler.h"

#include <algorithm>

namespace volumeter {
namespace {

constexpr SteadyTime kAtOnce{};  // steady clocks count up from the start of the machine
constexpr auto kIdlePause = std::chrono::hours(1);  // set_targets() wakes
constexpr auto kHungRetry = std::chrono::seconds(15);

std::string subject_of(const std::string& volume) { return "volume " + volume; }

}  // namespace

SizeSampler::SizeSampler(const HostAccess& host, ChangeLog& log, Options options, IsHung is_hung)
    : host_(host), log_(log), options_(options), is_hung_(std::move(is_hung)) {
  health_.name = "sizes";
}

void SizeSampler::set_targets(const std::vector<ScanTarget>& targets) {
  const std::lock_guard lock(mutex_);
  std::unordered_map<std::string, const ScanTarget*> wanted;
  for (const ScanTarget& target : targets) wanted.emplace(target.volume, &target);
  std::vector<std::string> gone;
  for (const auto& [volume, entry] : entries_) {
    const auto found = wanted.find(volume);
    if (found == wanted.end() || *found->second != entry.target) gone.push_back(volume);
  }
  for (const std::string& volume : gone) drop(volume);
  for (const auto& [volume, target] : wanted) {
    if (!entries_.try_emplace(volume, Entry{*target, kAtOnce}).second) continue;
    queue_.emplace(kAtOnce, volume);
  }
  if (ticker_) ticker_->wake();
}

void SizeSampler::start() {
  const std::lock_guard lock(mutex_);
  ticker_.emplace([this](std::stop_token stop) { return tick(stop); });
}

void SizeSampler::sample_once(std::stop_token stop) {
  for (const ScanTarget& target : all_targets()) {
    scan(target, stop);
    if (stop.stop_requested()) return;
  }
}

std::shared_ptr<const SizeSampler::Samples> SizeSampler::latest() const {
  const std::lock_guard lock(mutex_);
  if (!published_) published_ = std::make_shared<const Samples>(samples_);
  return published_;
}

SourceHealth SizeSampler::health() const {
  const std::lock_guard lock(mutex_);
  SourceHealth health = health_;
  health.up = samples_.empty() || failing_ < samples_.size();
  if (health.up) health.last_error.clear();
  health.bad_items = failing_;
  return health;
}

Ticker::Pause SizeSampler::tick(std::stop_token stop) {
  if (const auto target = next_due()) {
    scan(*target, stop);
    return Ticker::Pause::zero();
  }
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return kIdlePause;
  const auto left = queue_.begin()->first - host_.steady_now();
  return std::clamp<Ticker::Pause>(std::chrono::ceil<Ticker::Pause>(left), Ticker::Pause::zero(),
                                   kIdlePause);
}

// Puts it off at once, so that each volume has its place in the queue all the time.
std::optional<ScanTarget> SizeSampler::next_due() {
  const auto now = host_.steady_now();
  const std::lock_guard lock(mutex_);
  if (queue_.empty() || queue_.begin()->first > now) return {};
  const std::string volume = queue_.begin()->second;
  put_off(volume, now + options_.interval);
  return entries_.at(volume).target;
}

void SizeSampler::scan(const ScanTarget& target, std::stop_token stop) {
  const auto began = host_.steady_now();
  const bool hung = is_hung_(target.mount_point, stop);
  if (stop.stop_requested()) return;
  if (hung) {
    record(target, Error{ErrorKind::kTimeout, target.path, "its filesystem does not answer"},
           began);
    const std::lock_guard lock(mutex_);
    put_off(target.volume, began + kHungRetry);
    return;
  }
  auto answer = host_.scan_tree(target.path, stop);
  if (!stop.stop_requested()) record(target, std::move(answer), began);
}

void SizeSampler::record(const ScanTarget& target, Result<TreeUsage> answer, SteadyTime began) {
  const auto took = host_.steady_now() - began;
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(target.volume);
  if (entry == entries_.end() || entry->second.target != target) return;  // gone meanwhile
  put_off(target.volume,
          began + std::max<SteadyTime::duration>(options_.interval, took * options_.gap_factor));
  Sampled<TreeUsage>& sample = samples_[target.volume];
  const std::optional<Error> before = sample.error;
  sample.accept(std::move(answer), host_.now(), took);
  published_.reset();
  if (before) --failing_;
  if (sample.error) {
    ++failing_;
    health_.failed(*sample.error);
  } else {
    health_.succeeded(host_.now(), 0);
  }
  report(target, before, sample.error);
}

void SizeSampler::report(const ScanTarget& target, const std::optional<Error>& before,
                         const std::optional<Error>& now) {
  const std::string subject = subject_of(target.volume);
  if (!now) {
    if (before) log_.info(subject, "its size is measured again");
  } else if (now->kind == ErrorKind::kTimeout) {
    log_.warning(subject, "its size cannot be measured because the filesystem at " +
                              target.mount_point +
                              " does not answer; the last known size, if any, is served");
  } else if (now->kind == ErrorKind::kPermission) {
    // One sentence for all: without the right to read there are as many as there are volumes.
    log_.warning("sizes",
                 "volumes that this process may not read are not measured: those of "
                 "docker_volume_scan_info{state=\"permission\"}; run it as root or give it "
                 "CAP_DAC_READ_SEARCH");
  } else {
    log_.warning(subject, "its size cannot be measured (" + now->text() +
                              "); the last known size, if any, is served; check the directory");
  }
}

void SizeSampler::put_off(const std::string& volume, SteadyTime due) {
  const auto found = entries_.find(volume);
  if (found == entries_.end()) return;
  queue_.erase({found->second.due, volume});
  found->second.due = due;
  queue_.emplace(due, volume);
}

void SizeSampler::drop(const std::string& volume) {
  const auto entry = entries_.find(volume);
  queue_.erase({entry->second.due, volume});
  entries_.erase(entry);
  log_.forget(subject_of(volume));
  const auto sample = samples_.find(volume);
  if (sample == samples_.end()) return;
  if (sample->second.error) --failing_;
  samples_.erase(sample);
  published_.reset();
}

std::vector<ScanTarget> SizeSampler::all_targets() const {
  const std::lock_guard lock(mutex_);
  std::vector<ScanTarget> targets;
  for (const auto& [due, volume] : queue_) targets.push_back(entries_.at(volume).target);
  return targets;
}

}  // namespace volumeter
