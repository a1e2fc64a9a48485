// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/change_feed_check.h"

#include <set>

#include "exporter/model/places.h"

namespace volumeter {
namespace {

// Those with a volume whose size comes from a scan of its files.
std::vector<const FilesystemFacts*> scanned_filesystems(const HostSnapshot& host) {
  std::set<std::size_t> scanned;
  for (const VolumeFacts& volume : host.inventory->volumes) {
    const SizeReading* reading = host.size_of(volume);
    const bool is_scanned = reading != nullptr && reading->space.value &&
                            reading->space.value->method == SizeMethod::kWalk;
    if (is_scanned && volume.filesystem) scanned.insert(*volume.filesystem);
  }
  std::vector<const FilesystemFacts*> found;
  found.reserve(scanned.size());
  for (const std::size_t number : scanned) found.push_back(&host.inventory->filesystems[number]);
  return found;
}

}  // namespace

std::vector<ChangeFeedCheck> check_change_feeds(const HostAccess& access, const HostSnapshot& host,
                                                std::stop_token stop) {
  std::vector<ChangeFeedCheck> checks;
  for (const FilesystemFacts* filesystem : scanned_filesystems(host)) {
    const auto feed = access.watch_changes(place_of(*filesystem), stop);
    checks.push_back(
        {filesystem->mountpoint.plain(), feed ? std::nullopt : std::optional<Error>(feed.error())});
  }
  return checks;
}

}  // namespace volumeter
