// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/driver_lists.h"

#include <algorithm>
#include <set>
#include <utility>

namespace volumeter::docker {
namespace {

// The volumes of a plugin that is being upgraded, or whose process has ended, are remembered for a
// day; by then it was removed on purpose.
constexpr std::chrono::hours kForgetAfter{24};

// A reply that says something about the driver: not one of a proxy that forbids the request.
bool is_of_driver(const Error& error) {
  return error.kind != ErrorKind::kPermission && error.kind != ErrorKind::kUnsupported;
}

}  // namespace

std::optional<std::string> driver_of_warning(std::string_view warning) {
  constexpr std::string_view kStart = "list ";
  if (!warning.starts_with(kStart)) return {};
  warning.remove_prefix(kStart.size());
  const auto end = warning.find(": ");  // a colon alone may be in the name, as of "nfs:latest"
  if (end == std::string_view::npos || end == 0) return {};
  return std::string(warning.substr(0, end));
}

void DriverLists::add(const std::string& driver) {
  if (!driver.empty() && drivers_.size() < kMaxDrivers) drivers_.try_emplace(driver);
}

void DriverLists::add_all(const std::vector<std::string>& drivers) {
  if (drivers.empty()) return;
  for (auto& [name, driver] : drivers_) driver.is_loaded = false;
  for (const std::string& name : drivers) {
    add(name);
    if (Driver* const found = find(name)) found->is_loaded = true;
  }
  has_all_drivers_ = true;
}

void DriverLists::take_all(VolumesReply reply) {
  std::map<std::string, std::vector<Volume>> listed;
  for (Volume& volume : reply.items) listed[volume.driver].push_back(std::move(volume));
  for (const auto& [name, volumes] : listed) drivers_.try_emplace(name);

  std::map<std::string, Error> warned;
  is_partial_ = false;
  for (const std::string& warning : reply.warnings) {
    if (const auto name = driver_of_warning(warning)) {
      add(*name);
      warned.emplace(*name, Error{ErrorKind::kIo, "GET /volumes", warning});
    } else {
      is_partial_ = true;
    }
  }

  const bool has_too_many = drivers_.size() > kMaxDrivers;
  for (auto next = drivers_.begin(); next != drivers_.end();) {
    auto& [name, driver] = *next;
    std::vector<Volume>& volumes = listed[name];
    const auto warning = warned.find(name);
    const bool is_expected = !driver.volumes.empty() || driver.failure || !driver.is_loaded;
    const bool may_be_left_out = volumes.empty() && is_expected && name != kLocalDriver;
    driver.is_due = false;
    if (warning != warned.end()) {
      refuse(driver, warning->second, std::move(volumes));
    } else if (is_partial_) {
      keep_missing(driver, std::move(volumes));
    } else if (may_be_left_out && has_too_many) {
      next = drivers_.erase(next);
      continue;
    } else if (may_be_left_out && !name.empty()) {
      unlist(driver);
      driver.is_due = true;
    } else {
      accept(driver, std::move(volumes));
    }
    ++next;
  }
  has_all_drivers_ = true;
}

void DriverLists::ask_each() {
  for (auto& [name, driver] : drivers_) {
    unlist(driver);
    driver.is_due = !name.empty();
  }
}

void DriverLists::take(const std::string& name, Result<VolumesReply> reply, SteadyTime now) {
  Driver* const driver = find(name);
  if (driver == nullptr) return;
  if (!reply) {
    if (reply.error().kind == ErrorKind::kNotAsked) return;
    refuse(*driver, reply.error(), {});
    driver->backoff.failed(now);
    if (reply.error().kind != ErrorKind::kNotFound) return;
    if (!driver->unknown_since) driver->unknown_since = now;
    if (name != kLocalDriver && now - *driver->unknown_since >= kForgetAfter) drivers_.erase(name);
    return;
  }
  // An engine that ignores the filter lists those of all drivers.
  VolumesReply list = *std::move(reply);
  std::erase_if(list.items, [&](const Volume& volume) {
    return !volume.driver.empty() && volume.driver != name;
  });
  // Of a driver that it has not loaded, as a disabled plugin, dockerd 20.10 lists nothing without a
  // word.
  const bool is_evidence = driver->is_loaded || !list.items.empty() || name == kLocalDriver;
  if (!is_evidence && !driver->volumes.empty()) {
    return take(name, Error{ErrorKind::kNotFound, "GET /volumes", "the engine has not loaded it"},
                now);
  }
  if (list.warnings.empty()) {
    accept(*driver, std::move(list.items));
    if (!is_evidence) driver->up.reset();
    return;
  }
  refuse(*driver, Error{ErrorKind::kIo, "GET /volumes", list.warnings.front()},
         std::move(list.items));
  driver->backoff.failed(now);
}

void DriverLists::put(Volume volume) {
  Driver* const driver = find(volume.driver.empty() ? std::string(kLocalDriver) : volume.driver);
  if (driver == nullptr) return;
  std::erase_if(driver->volumes, [&](const Volume& old) { return old.name == volume.name; });
  driver->volumes.push_back(std::move(volume));
}

void DriverLists::remove(const std::string& name, const std::string& driver) {
  Driver* const found = find(driver);
  if (found == nullptr) return;
  std::erase_if(found->volumes, [&](const Volume& volume) { return volume.name == name; });
}

void DriverLists::reset_backoff(const std::string& driver) {
  if (Driver* const found = find(driver)) found->backoff.reset();
}

void DriverLists::reset_backoff() {
  for (auto& [name, driver] : drivers_) driver.backoff.reset();
}

std::vector<std::string> DriverLists::due(SteadyTime now) const {
  std::vector<std::string> names;
  for (const auto& [name, driver] : drivers_) {
    const bool is_due = driver.is_due && driver.backoff.is_over(now);
    if (is_due && names.size() < kMaxDrivers) names.push_back(name);
  }
  return names;
}

std::vector<Volume> DriverLists::volumes() const {
  std::vector<Volume> all;
  for (const auto& [name, driver] : drivers_) {
    all.insert(all.end(), driver.volumes.begin(), driver.volumes.end());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Volume& a, const Volume& b) { return a.name < b.name; });
  return all;
}

std::vector<VolumeDriver> DriverLists::drivers() const {
  std::vector<VolumeDriver> all;
  for (const auto& [name, driver] : drivers_) {
    if (name.empty() || all.size() == kMaxDrivers) continue;
    const std::string scope = driver.volumes.empty() ? "" : driver.volumes.front().scope;
    all.push_back({name, scope, driver.up});
  }
  return all;
}

bool DriverLists::may_lack_volumes_of(const std::string& driver) const {
  const auto found = drivers_.find(driver.empty() ? std::string(kLocalDriver) : driver);
  if (found == drivers_.end() || is_partial_) return true;
  return found->second.is_due || found->second.failure || !found->second.was_listed;
}

bool DriverLists::is_complete() const {
  return has_all_drivers_ && std::all_of(drivers_.begin(), drivers_.end(),
                                         [](const auto& entry) { return entry.second.was_listed; });
}

const std::optional<Error>& DriverLists::failure_of(const std::string& driver) const {
  static const std::optional<Error> kNone;
  const auto found = drivers_.find(driver);
  return found == drivers_.end() ? kNone : found->second.failure;
}

void DriverLists::accept(Driver& driver, std::vector<Volume> volumes) {
  driver.volumes = std::move(volumes);
  driver.was_listed = true;
  driver.up = true;
  driver.is_due = false;
  driver.failure.reset();
  driver.unknown_since.reset();
  driver.backoff.reset();
}

// `listed`: those that the engine remembers of it.
void DriverLists::refuse(Driver& driver, const Error& error, std::vector<Volume> listed) {
  keep_missing(driver, std::move(listed));
  unlist(driver);
  driver.failure = error;
  driver.up = is_of_driver(error) ? std::optional(false) : std::nullopt;
}

void DriverLists::keep_missing(Driver& driver, std::vector<Volume> listed) {
  unlist(driver);
  std::set<std::string> names;
  for (const Volume& volume : listed) names.insert(volume.name);
  for (Volume& old : driver.volumes) {
    if (!names.contains(old.name)) listed.push_back(std::move(old));
  }
  driver.volumes = std::move(listed);
}

void DriverLists::unlist(Driver& driver) {
  for (Volume& volume : driver.volumes) volume.is_listed = false;
}

DriverLists::Driver* DriverLists::find(const std::string& driver) {
  const auto found = drivers_.find(driver);
  return found == drivers_.end() ? nullptr : &found->second;
}

}  // namespace volumeter::docker
