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

  explicit MountViewKeeper(const HostAccess& host) : host_(host) {}

  bool is_due() const;

  // Reads a small file of /proc for each running container.
  void look(const Inventory& inventory, const MountList& mounts);

  std::shared_ptr<const std::vector<MountMismatchFacts>> latest() const;

 private:
  MountComparison::SeesPath seen_paths(const MountList& mounts) const;

  const HostAccess& host_;
  std::optional<SteadyTime> looked_at_;

  mutable std::mutex mutex_;  // guards the one below
  std::shared_ptr<const std::vector<MountMismatchFacts>> latest_ =
      std::make_shared<const std::vector<MountMismatchFacts>>();
};

}  // namespace volumeter
