// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "collectors/collector.h"

namespace volumeter {

class ServerMetrics;

// The costly facts that a collector needs. They are gathered only if an enabled collector does.
enum class Needs { kNothing, kFilesystems, kSizes, kDisks, kMountIo, kDeviceLatency, kContainerIo };

struct CollectorEntry {
  std::string_view name;
  std::string_view about;  // noun phrase for --help and the documentation
  bool on_by_default = true;
  Needs needs = Needs::kNothing;
  // `server`: counters of this agent's HTTP server; null for a run without one.
  std::unique_ptr<Collector> (*make)(const std::shared_ptr<const ServerMetrics>& server);
};

// All collectors, in the order of their metrics in the exposition.
std::span<const CollectorEntry> builtin_collectors();

// The collector of that name, as in a run without a server; null if there is none.
std::unique_ptr<Collector> make_collector(std::string_view name);

}  // namespace volumeter
