// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/model/snapshot.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter {

// Whether fanotify can report changes on a filesystem.
struct ChangeFeedCheck {
  std::string mountpoint;
  std::optional<Error> error;  // why not
};

// Of each filesystem with a volume whose size comes from a scan of its files. May take as long as the
// filesystems do to answer.
std::vector<ChangeFeedCheck> check_change_feeds(const HostAccess& access, const HostSnapshot& host,
                                                std::stop_token stop);

}  // namespace volumeter
