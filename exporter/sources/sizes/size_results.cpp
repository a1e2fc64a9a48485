// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/size_results.h"

#include <algorithm>
#include <utility>

#include "exporter/base/saturating.h"

namespace volumeter {
namespace {

// A volume; of other targets the key says what they are.
LogSubject size_subject(const std::string& key) {
  return LogSubject::one_of("size", {{"volume", key}});
}

// What the directory is not at fault for: a missing right or syscall, a limit of the agent.
bool is_common(const Error& error) { return !is_evidence(error); }

std::string cause_of(const Error& error) {
  return std::string(to_string(error.kind)) + ": " + error.what;
}

LogSubject size_subject(const std::string& key, const Error& error) {
  return is_common(error) ? LogSubject::one_of("size", {{"volume", key}}, cause_of(error))
                          : size_subject(key);
}

bool is_not_asked(const Sampled<SpaceUsage>& space) {
  return space.error && space.error->kind == ErrorKind::kNotAsked;
}

LogSubject overflow_of(const std::string& key) { return {"size_overflow", {{"volume", key}}}; }

bool is_saturated(const SpaceUsage& space) {
  return space.apparent_bytes == kSaturated || space.allocated_bytes == kSaturated;
}

SpaceUsage updated(SpaceUsage before, const SpaceUsage& now) {
  before.apparent_bytes = now.apparent_bytes;
  before.allocated_bytes = now.allocated_bytes;
  before.inodes = now.inodes;
  before.last_modified = std::max(before.last_modified, now.last_modified);
  return before;
}

}  // namespace

SizeResults::SizeResults(ChangeLog& log) : log_(log) {
  health_.name = "sizes";
  health_.provides = "sizes of volumes";
  health_.may_decline = true;
}

void SizeResults::restore(SizeReadings&& readings) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, reading] : readings) {
    restored_ += readings_.try_emplace(key, std::move(reading)).second ? 1 : 0;
  }
  published_.reset();
}

// With the lock held.
void SizeResults::count_as_tried(SizeReading& reading) {
  if (std::exchange(reading.is_restored, false)) --restored_;
}

// With the lock held.
void SizeResults::note_cause(const std::string& key, const std::optional<Error>& before,
                             const std::optional<Error>& now) {
  if (now && is_common(*now)) ++causes_[cause_of(*now)];
  if (!before || !is_common(*before)) return;
  const auto found = causes_.find(cause_of(*before));
  if (found == causes_.end() || --found->second > 0) return;
  causes_.erase(found);
  log_.forget(size_subject(key, *before));
}

bool SizeResults::accept(const SizeTarget& target, const SizeMeasurement& measured, WallTime at) {
  bool failed_before = false;
  bool is_changed = false;
  bool was_saturated = false;
  {
    const std::lock_guard lock(mutex_);
    SizeReading& reading = readings_[target.key];
    count_as_tried(reading);
    was_saturated = reading.space.value && is_saturated(*reading.space.value);
    failed_before = reading.space.error.has_value();
    note_cause(target.key, reading.space.error, {});
    if (is_not_asked(reading.space)) --not_asked_;
    const SpaceUsage space = measured.is_update && reading.space.value
                                 ? updated(*reading.space.value, measured.space)
                                 : measured.space;
    is_changed = reading.space.value != space;
    reading.space.accept(space, at, measured.took);
    reading.entries = measured.entries;
    if (measured.drift_bytes) reading.drift_bytes = measured.drift_bytes;
    if (failed_before) --failing_;
    health_.succeeded(at, 0);
    published_.reset();
  }
  if (failed_before) log_.info(size_subject(target.key), "measured again");
  if (is_saturated(measured.space)) {
    log_.warning(overflow_of(target.key),
                 "size is beyond 64 bits; exporting the largest number; look for sparse files, or "
                 "check the filesystem",
                 {{"path", target.place.path}});
  } else if (was_saturated) {
    log_.forget(overflow_of(target.key));
  }
  return is_changed;
}

void SizeResults::fail(const SizeTarget& target, const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    SizeReading& reading = readings_[target.key];
    count_as_tried(reading);
    if (!reading.space.error) ++failing_;
    if (is_not_asked(reading.space)) --not_asked_;
    note_cause(target.key, reading.space.error, error);
    reading.space.error = error;
    if (is_not_asked(reading.space)) ++not_asked_;
    if (error.kind != ErrorKind::kNotAsked) health_.failed(error);
    published_.reset();
  }
  report(target, error);
}

void SizeResults::report(const SizeTarget& target, const Error& error) {
  const LogSubject subject = size_subject(target.key, error);
  switch (error.kind) {
    case ErrorKind::kNotAsked:
      return log_.warning(subject,
                          "not measured for now; serving the last known size; retrying; see "
                          "docker_volume_scan_info{state=\"not_asked\"}",
                          {{"error", error.what}});
    case ErrorKind::kTimeout:
      return log_.warning(
          subject,
          "no answer from the volume's files; serving the last known size; check what is mounted "
          "there",
          {{"path", target.place.path}, {"mountpoint", target.mount_point}, {"error", error.what}});
    case ErrorKind::kPermission:
      return log_.warning(subject,
                          "cannot be read and has no size; run as root or with "
                          "CAP_DAC_READ_SEARCH; see docker_volume_scan_info{state=\"permission\"}",
                          {{"error", error.what}});
    case ErrorKind::kUnsupported:
      return log_.warning(subject,
                          "cannot be measured; serving the last known size; allow the missing "
                          "syscall in the seccomp profile, or update the kernel; see "
                          "docker_volume_scan_info{state=\"error\"}",
                          {{"error", error.what}});
    default:
      return log_.warning(subject,
                          "cannot be measured; serving the last known size; check the directory",
                          {{"path", target.place.path}, {"error", error.what}});
  }
}

void SizeResults::forget(const std::string& key) {
  log_.forget(size_subject(key));
  log_.forget(overflow_of(key));
  const std::lock_guard lock(mutex_);
  const auto reading = readings_.find(key);
  if (reading == readings_.end()) return;
  if (reading->second.space.error) --failing_;
  if (is_not_asked(reading->second.space)) --not_asked_;
  note_cause(key, reading->second.space.error, {});
  count_as_tried(reading->second);
  readings_.erase(reading);
  published_.reset();
}

std::size_t SizeResults::size() const {
  const std::lock_guard lock(mutex_);
  return readings_.size() - restored_;
}

std::shared_ptr<const SizeReadings> SizeResults::latest() const {
  const std::lock_guard lock(mutex_);
  if (!published_) published_ = std::make_shared<const SizeReadings>(readings_);
  return published_;
}

SourceHealth SizeResults::health() const {
  const std::lock_guard lock(mutex_);
  SourceHealth health = health_;
  health.up = failing_ == not_asked_ || failing_ < readings_.size() - restored_;
  if (health.up) health.last_error.clear();
  health.bad_items = failing_ - not_asked_;
  return health;
}

}  // namespace volumeter
