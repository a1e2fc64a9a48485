// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/size_results.h"

namespace volumeter {
namespace {

std::string subject_of(const std::string& key) { return "size of " + key; }

}  // namespace

SizeResults::SizeResults(ChangeLog& log) : log_(log) {
  health_.name = "sizes";
  health_.may_decline = true;
}

bool SizeResults::accept(const SizeTarget& target, const Measured& measured) {
  bool failed_before = false;
  bool is_changed = false;
  {
    const std::lock_guard lock(mutex_);
    SizeReading& reading = readings_[target.key];
    failed_before = reading.space.error.has_value();
    is_changed = reading.space.value != measured.space;
    reading.space.accept(measured.space, measured.at, measured.took);
    reading.entries = measured.entries;
    if (measured.drift_bytes) reading.drift_bytes = measured.drift_bytes;
    if (failed_before) --failing_;
    health_.succeeded(measured.at, 0);
    published_.reset();
  }
  if (failed_before) log_.info(subject_of(target.key), "it is measured again");
  return is_changed;
}

void SizeResults::fail(const SizeTarget& target, const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    SizeReading& reading = readings_[target.key];
    if (!reading.space.error) ++failing_;
    reading.space.error = error;
    health_.failed(error);
    published_.reset();
  }
  report(target, error);
}

void SizeResults::report(const SizeTarget& target, const Error& error) {
  const std::string subject = subject_of(target.key);
  if (error.kind == ErrorKind::kTimeout) {
    const std::string& place = target.mount_point.empty() ? target.place.path : target.mount_point;
    log_.warning(subject, "it cannot be measured because the filesystem at " + place +
                              " does not answer (" + error.what +
                              "); the last known size, if any, is served");
  } else if (error.kind == ErrorKind::kPermission) {
    // One sentence for all: without the right to read there are as many as there are volumes.
    log_.warning("sizes",
                 "volumes that this process may not read are not measured: those of "
                 "docker_volume_scan_info{state=\"permission\"}; run it as root or give it "
                 "CAP_DAC_READ_SEARCH");
  } else {
    log_.warning(subject, "it cannot be measured (" + error.text() +
                              "); the last known size, if any, is served; check the directory");
  }
}

void SizeResults::forget(const std::string& key) {
  log_.forget(subject_of(key));
  const std::lock_guard lock(mutex_);
  const auto reading = readings_.find(key);
  if (reading == readings_.end()) return;
  if (reading->second.space.error) --failing_;
  readings_.erase(reading);
  published_.reset();
}

std::optional<SpaceUsage> SizeResults::space(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto reading = readings_.find(key);
  return reading == readings_.end() ? std::nullopt : reading->second.space.value;
}

std::shared_ptr<const SizeReadings> SizeResults::latest() const {
  const std::lock_guard lock(mutex_);
  if (!published_) published_ = std::make_shared<const SizeReadings>(readings_);
  return published_;
}

SourceHealth SizeResults::health() const {
  const std::lock_guard lock(mutex_);
  SourceHealth health = health_;
  health.up = readings_.empty() || failing_ < readings_.size();
  if (health.up) health.last_error.clear();
  health.bad_items = failing_;
  return health;
}

}  // namespace volumeter
