// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"

namespace volumeter {
namespace {

using Server = const std::shared_ptr<const ServerMetrics>&;

constexpr CollectorEntry kCollectors[] = {
    {"engine", "Docker Engine and number of volumes by state (in use, idle, orphaned)", true,
     Needs::kNothing, [](Server) { return make_engine_collector(); }},
    {"volumes", "identity, containers and mounts of volumes", true, Needs::kNothing,
     [](Server) { return make_volumes_collector(); }},
    {"sizes", "size of volumes, sampled in the background", true, Needs::kSizes,
     [](Server) { return make_sizes_collector(); }},
    {"contents", "contents of volumes: inodes by kind, cold data, setuid files, device nodes", true,
     Needs::kSizes, [](Server) { return make_contents_collector(); }},
    {"binds", "size of bind mounts selected by --collector.sizes.binds", true, Needs::kSizes,
     [](Server) { return make_binds_collector(); }},
    {"tmpfs", "usage of tmpfs mounts in containers", true, Needs::kSizes,
     [](Server) { return make_tmpfs_collector(); }},
    {"scans", "cost and progress of size measurement", true, Needs::kSizes,
     [](Server) { return make_scans_collector(); }},
    {"filesystems", "capacity and health of filesystems that hold Docker data", true,
     Needs::kFilesystems, [](Server) { return make_filesystems_collector(); }},
    {"devices", "I/O statistics of the block devices below these filesystems", true, Needs::kDisks,
     [](Server) { return make_devices_collector(); }},
    {"device_latency", "latency histograms of disks (eBPF)", true, Needs::kDeviceLatency,
     [](Server) { return make_device_latency_collector(); }},
    {"io", "I/O and latency of volumes and container mounts (eBPF, NFS, disk or cgroup counters)",
     true, Needs::kMountIo, [](Server) { return make_io_collector(); }},
    {"nfs", "requests, latency and retransmissions of NFS volumes", true, Needs::kNothing,
     [](Server) { return make_nfs_collector(); }},
    {"containers", "I/O of containers by block device, and I/O pressure (cgroup)", true,
     Needs::kContainerIo, [](Server) { return make_containers_collector(); }},
    {"orphans", "orphaned volumes, time of last use, prune hazards", true, Needs::kNothing,
     [](Server) { return make_orphans_collector(); }},
    {"agent", "build, data sources and process of this agent", true, Needs::kNothing,
     [](Server) { return make_agent_collector(); }},
    {"server", "HTTP server of this agent", true, Needs::kNothing,
     [](Server server) { return make_server_collector(server); }},
};

}  // namespace

std::span<const CollectorEntry> builtin_collectors() { return kCollectors; }

}  // namespace volumeter
