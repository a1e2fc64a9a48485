// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/sources/docker/backoff.h"
#include "exporter/sources/docker/client.h"
#include "exporter/sources/docker/facts.h"
#include "exporter/sources/docker/pending_changes.h"
#include "exporter/sources/docker/volume_list.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter::docker {

// The last good Facts, and the requests that renew them. Blocks while the engine does. For one
// thread at a time; published Facts never change.
class Lister {
 public:
  Lister(const HostAccess& host, std::string api_version)
      : host_(host), client_(host, std::move(api_version)), volumes_(host, client_) {}

  // To be called first and after each failure. Keeps the facts; running containers are inspected again.
  Result<> connect(std::stop_token stop);

  // Requests what may have changed. An error leaves the facts unchanged. That volumes cannot be
  // listed is not an error: see volumes_unanswered().
  Result<> list(const PendingChanges& changes, std::stop_token stop);

  // Inspects containers that changed since they were inspected, and asks for volumes that cannot be
  // listed, until none is left or `until` has passed. A container that cannot be inspected has no
  // details until a retry succeeds.
  void inspect_some(SteadyTime until, std::stop_token stop);
  bool has_all_details() const;  // but for those that are to be retried later
  std::optional<SteadyTime> next_retry() const;

  std::shared_ptr<const Facts> facts() const { return facts_; }  // null before the first list
  std::string events_target() const { return client_.events_target(); }

  // Why local volumes are from an earlier list, or only those mounted by containers.
  const std::optional<Error>& volumes_unanswered() const { return volumes_.failure(); }
  // Why the volumes of a driver are.
  const std::optional<Error>& failure_of(const std::string& driver) const {
    return volumes_.drivers().failure_of(driver);
  }

  // The items of the newest lists that could not be parsed.
  std::uint64_t bad_items() const { return volumes_.bad() + bad_containers_.count; }
  std::string first_bad() const;

 private:
  struct BadItems {
    std::uint64_t count = 0;
    std::string first;
  };

  using NameAndDriver = PendingChanges::NameAndDriver;
  using TimesByVolume = std::map<NameAndDriver, WallTime>;

  void take_volume_events(const PendingChanges& changes);
  void note_uses(const PendingChanges& changes, const Facts& next);
  void add_times(Facts& next);
  std::set<std::string> sweep(const std::vector<Container>& containers);
  bool must_inspect_again(const Container& container, ContainerState old_state,
                          const PendingChanges& changes) const;
  void forget_old_details(const PendingChanges& changes, Facts& next);
  void join_volumes(Facts& next);
  void inspect(const Container& container, Facts& next, std::stop_token stop);
  bool is_done(const std::string& id) const;

  const HostAccess& host_;
  Client client_;
  Engine engine_;
  VolumeList volumes_;
  BadItems bad_containers_;
  std::map<std::string, SteadyTime> inspected_;  // when, by id
  std::map<std::string, Backoff> retries_;       // of those that could not be inspected, by id
  bool was_away_ = false;                        // the engine did not answer connect()
  std::optional<SteadyTime> swept_at_;
  std::optional<SteadyTime> listed_at_;
  std::uint64_t event_gaps_ = 0;
  TimesByVolume used_;    // as events show; an empty driver stands for any
  TimesByVolume remade_;  // the same
  std::shared_ptr<const Facts> facts_;
};

}  // namespace volumeter::docker
