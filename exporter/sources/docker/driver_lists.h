// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/sources/docker/backoff.h"
#include "exporter/sources/docker/decode.h"
#include "exporter/sources/docker/types.h"

namespace volumeter::docker {

inline constexpr std::string_view kLocalDriver = "local";

// The volumes of each driver as it last listed them, and whether it answers. Volumes of a driver that
// does not answer stay as they were, marked as not listed: that a list lacks them is no evidence.
// Does no I/O and reads no clock.
class DriverLists {
 public:
  // More drivers than any engine has; the volumes of others are shown while they are listed.
  static constexpr std::size_t kMaxDrivers = 32;

  DriverLists() { add(std::string(kLocalDriver)); }

  // A container mounts a volume of this driver.
  void add(const std::string& driver);

  // The engine names its drivers; it may leave out plugins that it has not used yet.
  void add_all(const std::vector<std::string>& drivers);

  // The reply to a request for the volumes of all drivers. A driver that had volumes and has none now
  // is not believed to have lost them all: it becomes due to be asked by itself, as engines leave out
  // disabled plugins without a word.
  void take_all(VolumesReply reply);

  // There was none: all drivers are due.
  void ask_each();

  // The reply to a request for the volumes of this driver alone.
  void take(const std::string& driver, Result<VolumesReply> reply, SteadyTime now);

  // A volume that was asked for by its name: as it is, or gone.
  void put(Volume volume);
  void remove(const std::string& name, const std::string& driver);

  // The driver answered something else.
  void reset_backoff(const std::string& driver);
  void reset_backoff();

  // The drivers to be asked one by one.
  std::vector<std::string> due(SteadyTime now) const;

  // Sorted by name; of two drivers there may be two of one name.
  std::vector<Volume> volumes() const;
  std::vector<VolumeDriver> drivers() const;

  // Whether volumes of the driver may be missing here; an empty driver is the local one.
  bool may_lack_volumes_of(const std::string& driver) const;
  // Whether every known driver has listed its volumes once.
  bool is_complete() const;
  // Why the driver did not list its volumes when last asked.
  const std::optional<Error>& failure_of(const std::string& driver) const;

 private:
  struct Driver {
    std::vector<Volume> volumes;
    bool is_loaded = false;        // the engine names it
    bool was_listed = false;       // once at least
    std::optional<bool> up;        // when last asked
    bool is_due = false;           // to be asked by itself
    std::optional<Error> failure;  // why it, or the list of all drivers, does not list them now
    Backoff backoff{std::chrono::seconds{45}, std::chrono::seconds{600}};
    std::optional<SteadyTime> unknown_since;  // the engine says that it has no such driver
  };

  static void accept(Driver& driver, std::vector<Volume> volumes);
  static void refuse(Driver& driver, const Error& error, std::vector<Volume> listed);
  static void keep_missing(Driver& driver, std::vector<Volume> listed);
  static void unlist(Driver& driver);
  Driver* find(const std::string& driver);

  std::map<std::string, Driver> drivers_;  // by name; empty: the engine does not name the driver
  bool has_all_drivers_ = false;
  bool is_partial_ = false;  // the last list of all drivers, by a warning that names no driver
};

// The driver that a warning of GET /volumes is about: "list DRIVER: REASON".
std::optional<std::string> driver_of_warning(std::string_view warning);

}  // namespace volumeter::docker
