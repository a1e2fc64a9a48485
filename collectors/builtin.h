// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "collectors/collector.h"

namespace volumeter {

class ServerMetrics;

std::unique_ptr<Collector> make_agent_collector();
std::unique_ptr<Collector> make_binds_collector();
std::unique_ptr<Collector> make_containers_collector();
std::unique_ptr<Collector> make_contents_collector();
std::unique_ptr<Collector> make_device_latency_collector();
std::unique_ptr<Collector> make_devices_collector();
std::unique_ptr<Collector> make_engine_collector();
std::unique_ptr<Collector> make_filesystems_collector();
std::unique_ptr<Collector> make_io_collector();
std::unique_ptr<Collector> make_nfs_collector();
std::unique_ptr<Collector> make_orphans_collector();
std::unique_ptr<Collector> make_scans_collector();
// Exports the metrics of the agent's HTTP server; null for a run without a server.
std::unique_ptr<Collector> make_server_collector(std::shared_ptr<const ServerMetrics> server);
std::unique_ptr<Collector> make_sizes_collector();
std::unique_ptr<Collector> make_tmpfs_collector();
std::unique_ptr<Collector> make_volumes_collector();

// The costly facts that a collector needs. They are gathered only if an enabled collector does.
enum class Needs { kNothing, kFilesystems, kSizes, kDisks, kMountIo, kDeviceLatency, kContainerIo };

struct CollectorEntry {
  std::string_view name;
  std::string_view about;  // noun phrase for --help and the documentation
  bool on_by_default = true;
  Needs needs = Needs::kNothing;
  std::unique_ptr<Collector> (*make)(const std::shared_ptr<const ServerMetrics>& server);
};

// All collectors, in the order of their metrics in the exposition.
std::span<const CollectorEntry> builtin_collectors();

}  // namespace volumeter
