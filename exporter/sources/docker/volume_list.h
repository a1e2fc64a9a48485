// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/sources/docker/backoff.h"
#include "exporter/sources/docker/client.h"
#include "exporter/sources/docker/driver_lists.h"
#include "exporter/sources/docker/types.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter::docker {

// Lists the volumes of the engine, whatever one of its drivers does.
//
// For GET /volumes dockerd queries each plugin, and 20.10 calls stat(2) on each local volume. While
// one of them hangs there is no response for a minute and each request leaves a blocked thread in
// dockerd; Go aborts a program that has 10,000 threads. Then each driver is asked by itself, and if
// even the local one does not answer, as while a plugin hangs in its activation, single volumes by
// their names.
class VolumeList {
 public:
  // Keeps references to both.
  VolumeList(const HostAccess& host, Client& client) : host_(host), client_(client) {}

  // Lists the volumes. A timeout and an error of the engine's own (Podman answers 500 for all if the
  // plugin of one volume is missing) are no error of this function: see failure(). Each request that
  // failed is repeated after a backoff of its own.
  Result<> renew(std::stop_token stop);

  // Asks for local volumes by name until `until` has passed, if they cannot be listed. `names` are
  // those that containers mount or that an event named.
  void want(const std::string& name);
  void want_again(const std::string& name);  // it is not the one that was asked for earlier
  bool wants_more() const { return !wanted_.empty(); }
  void ask_by_name(SteadyTime until, std::stop_token stop);

  DriverLists& drivers() { return drivers_; }
  const DriverLists& drivers() const { return drivers_; }

  // The engine was restarted: the next renew() sends all requests.
  void reset_backoff();

  // Why local volumes cannot be listed.
  const std::optional<Error>& failure() const { return drivers_.failure_of("local"); }
  // Whether the list lacks the volumes of some driver.
  bool is_partial() const;

  // The items of the last response that could not be parsed.
  std::size_t bad() const { return bad_; }
  const std::string& first_bad() const { return first_bad_; }

 private:
  void ask_drivers(std::stop_token stop);
  void note_bad(const Parsed<Volume>& parsed);

  const HostAccess& host_;
  Client& client_;
  DriverLists drivers_;
  Backoff backoff_{std::chrono::seconds{45}, std::chrono::seconds{600}};  // of the list of all
  std::size_t bad_ = 0;
  std::string first_bad_;
  std::set<std::string> wanted_;         // names to ask for
  std::set<std::string> asked_by_name_;  // since local volumes were listed last
};

// The volumes mounted by containers, sorted by name, with the fields that the list of containers
// has.
std::vector<Volume> volumes_of(const std::vector<Container>& containers);

// The list with one volume of each name, as containers and labels name them: the one whose driver
// the mount of a container says, else that of the driver "local", else the first by driver.
std::vector<Volume> one_of_each_name(const std::vector<Volume>& volumes,
                                     const std::vector<Container>& containers);

}  // namespace volumeter::docker
