// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "exporter/base/time.h"
#include "exporter/model/inventory.h"
#include "exporter/model/mount_comparison.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// Compares the mounts of containers with what was asked for, and keeps the result. look() belongs to
// one thread, latest() to any.
class MountViewKeeper {
 public:
  // An error that turns a filesystem read-only causes no event.
  static constexpr std::chrono::minutes kLookAgainAfter{1};
  // Where containers come and go all the time, all of them are not read again for each.
  static constexpr std::chrono::seconds kPauseAfterLook{10};

  explicit MountViewKeeper(const HostAccess& host) : host_(host) {}

  // `is_new`: the inventory differs from the one before, as it may have at a call that came too soon.
  bool is_due(bool is_new);

  // Reads a small file of /proc for each running container. Without an engine there is nothing to do.
  void look(const Inventory& inventory, const MountList& mounts);

  std::shared_ptr<const std::vector<MountMismatchFacts>> latest() const;

 private:
  MountComparison::SeesPath seen_paths(const MountList& mounts) const;

  const HostAccess& host_;
  std::optional<SteadyTime> looked_at_;
  bool has_changed_ = false;  // since then

  mutable std::mutex mutex_;  // guards the one below
  std::shared_ptr<const std::vector<MountMismatchFacts>> latest_ =
      std::make_shared<const std::vector<MountMismatchFacts>>();
};

}  // namespace volumeter
