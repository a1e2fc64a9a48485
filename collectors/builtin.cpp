// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"

#include <algorithm>
#include <iterator>

namespace volumeter {

using SharedMetrics = const std::shared_ptr<const ServerMetrics>&;
using Factory = std::unique_ptr<Collector>();
using WithServerMetrics = std::unique_ptr<Collector>(std::shared_ptr<const ServerMetrics>);

// Each row declares the factory that the collector's own file defines.
constexpr CollectorEntry kCollectors[] = {
    {"engine", "Docker Engine and number of volumes by state (in use, idle, orphaned)", true,
     Needs::kNothing,
     [](SharedMetrics) {
       extern Factory make_engine_collector;
       return make_engine_collector();
     }},
    {"drivers", "volume drivers and whether they answer", true, Needs::kNothing,
     [](SharedMetrics) {
       extern Factory make_drivers_collector;
       return make_drivers_collector();
     }},
    {"volumes", "identity, containers and mounts of volumes", true, Needs::kNothing,
     [](SharedMetrics) {
       extern Factory make_volumes_collector;
       return make_volumes_collector();
     }},
    {"sizes", "size of volumes, sampled in the background", true, Needs::kSizes,
     [](SharedMetrics) {
       extern Factory make_sizes_collector;
       return make_sizes_collector();
     }},
    {"contents", "contents of volumes: inodes by kind, cold data, setuid files, device nodes", true,
     Needs::kSizes,
     [](SharedMetrics) {
       extern Factory make_contents_collector;
       return make_contents_collector();
     }},
    {"binds", "size of bind mounts selected by --collector.sizes.binds", true, Needs::kSizes,
     [](SharedMetrics) {
       extern Factory make_binds_collector;
       return make_binds_collector();
     }},
    {"tmpfs", "usage of tmpfs mounts in containers", true, Needs::kSizes,
     [](SharedMetrics) {
       extern Factory make_tmpfs_collector;
       return make_tmpfs_collector();
     }},
    {"scans", "cost and progress of size measurement", true, Needs::kSizes,
     [](SharedMetrics) {
       extern Factory make_scans_collector;
       return make_scans_collector();
     }},
    {"filesystems", "capacity and health of filesystems that hold Docker data", true,
     Needs::kFilesystems,
     [](SharedMetrics) {
       extern Factory make_filesystems_collector;
       return make_filesystems_collector();
     }},
    {"devices", "I/O statistics of the block devices below these filesystems", true, Needs::kDisks,
     [](SharedMetrics) {
       extern Factory make_devices_collector;
       return make_devices_collector();
     }},
    {"device_latency", "latency histograms of disks (eBPF)", true, Needs::kDeviceLatency,
     [](SharedMetrics) {
       extern Factory make_device_latency_collector;
       return make_device_latency_collector();
     }},
    {"io", "I/O and latency of volumes and container mounts (eBPF, NFS, disk or cgroup counters)",
     true, Needs::kMountIo,
     [](SharedMetrics) {
       extern Factory make_io_collector;
       return make_io_collector();
     }},
    {"nfs", "requests, latency and retransmissions of NFS volumes", true, Needs::kNothing,
     [](SharedMetrics) {
       extern Factory make_nfs_collector;
       return make_nfs_collector();
     }},
    {"containers", "I/O of containers by block device, and I/O pressure (cgroup)", true,
     Needs::kContainerIo,
     [](SharedMetrics) {
       extern Factory make_containers_collector;
       return make_containers_collector();
     }},
    {"orphans", "orphaned volumes, time of last use, prune hazards", true, Needs::kNothing,
     [](SharedMetrics) {
       extern Factory make_orphans_collector;
       return make_orphans_collector();
     }},
    {"agent", "build, data sources and process of this agent", true, Needs::kNothing,
     [](SharedMetrics) {
       extern Factory make_agent_collector;
       return make_agent_collector();
     }},
    {"server", "HTTP server of this agent", true, Needs::kNothing,
     [](SharedMetrics server) {
       extern WithServerMetrics make_server_collector;
       return make_server_collector(server);
     }},
};

std::span<const CollectorEntry> builtin_collectors() { return kCollectors; }

std::unique_ptr<Collector> make_collector(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kCollectors), std::end(kCollectors),
                   [&](const CollectorEntry& entry) { return entry.name == name; });
  return found == std::end(kCollectors) ? nullptr : found->make(nullptr);
}

}  // namespace volumeter
