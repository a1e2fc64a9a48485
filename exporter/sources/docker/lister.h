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

// The newest good Facts and how to renew them. Blocks as the engine does. Used by one
// thread at a time; the Facts it hands out never change.
class Lister {
 public:
  Lister(const HostAccess& host, std::string api_version)
      : host_(host), client_(host, std::move(api_version)), volumes_(host, client_) {}

  // To be called first and after each trouble. Forgets nothing but which details are new.
  Result<> connect(std::stop_token stop);

  // Asks for what may have changed. An error leaves the Facts as they were. That the engine
  // does not list its volumes is none: see volumes_unanswered().
  Result<> list(const PendingChanges& changes, std::stop_token stop);

  // Inspects containers that were not since their last change, until there are none left
  // or `until` is past. One that cannot be inspected has no details.
  void inspect_some(SteadyTime until, std::stop_token stop);
  bool has_all_details() const;

  std::shared_ptr<const Facts> facts() const { return facts_; }  // null before the first list
  std::string events_target() const { return client_.events_target(); }

  // Why the volumes are those of an earlier list, or only those that containers name.
  const std::optional<Error>& volumes_unanswered() const { return volumes_.unanswered(); }

  // What the newest lists held that could not be read.
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
  std::set<std::string> inspected_;  // ids, also those that could not be
  std::shared_ptr<const Facts> facts_;
};

}  // namespace volumeter::docker
