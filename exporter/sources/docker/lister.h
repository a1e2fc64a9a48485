// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "exporter/base/result.h"
#include "exporter/base/time.h"
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

  // To be called first and after each failure. Keeps the facts; all containers are inspected again.
  Result<> connect(std::stop_token stop);

  // Requests what may have changed. An error leaves the facts unchanged. A timeout of the list
  // of volumes is not an error: see volumes_unanswered().
  Result<> list(const PendingChanges& changes, std::stop_token stop);

  // Inspects containers that changed since they were inspected, until none is left or `until` has
  // passed. A container that cannot be inspected has no details.
  void inspect_some(SteadyTime until, std::stop_token stop);
  bool has_all_details() const;

  std::shared_ptr<const Facts> facts() const { return facts_; }  // null before the first list
  std::string events_target() const { return client_.events_target(); }

  // Why the volumes are from an earlier list, or only those mounted by containers.
  const std::optional<Error>& volumes_unanswered() const { return volumes_.unanswered(); }

  // The items of the newest lists that could not be parsed.
  std::uint64_t bad_items() const { return volumes_.bad() + bad_containers_.count; }
  std::string first_bad() const;

 private:
  struct BadItems {
    std::uint64_t count = 0;
    std::string first;
  };

  void forget_old_details(const PendingChanges& changes, Facts& next);

  const HostAccess& host_;
  Client client_;
  Engine engine_;
  VolumeList volumes_;
  BadItems bad_containers_;
  std::set<std::string> inspected_;  // ids, including those that failed
  std::shared_ptr<const Facts> facts_;
};

}  // namespace volumeter::docker
