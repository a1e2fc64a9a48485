// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/model/container_io_totals.h"
#include "exporter/model/inventory.h"
#include "exporter/sources/cgroup/container_io_reader.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// Reads the I/O of running containers and keeps it monotonic across their restarts.
// Thread-safe: scrapes take turns, because what is added up has to come in order.
class ContainerIoKeeper {
 public:
  // Keeps references to both.
  ContainerIoKeeper(const HostAccess& host, ChangeLog& log) : host_(host), reader_(host, log) {}

  // One element per container of the inventory; absent if not running or unreadable.
  std::vector<std::optional<ContainerIo>> read(const Inventory& inventory, const MountList& mounts);

  SourceHealth health() const;  // "cgroup"

 private:
  const HostAccess& host_;
  mutable std::mutex mutex_;
  ContainerIoReader reader_;
  ContainerIoTotals totals_;
};

}  // namespace volumeter
