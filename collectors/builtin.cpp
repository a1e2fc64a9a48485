// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"

namespace volumeter {
namespace {

using Server = std::shared_ptr<const ServerMetrics>;

constexpr CollectorEntry kCollectors[] = {
    {"engine", "the Docker Engine and how many volumes are used, idle and orphaned", true,
     Needs::kNothing, [](Server) { return make_engine_collector(); }},
    {"volumes", "identity, users and mounts of each volume", true, Needs::kNothing,
     [](Server) { return make_volumes_collector(); }},
    {"sizes", "size of each volume, measured in the background", true, Needs::kSizes,
     [](Server) { return make_sizes_collector(); }},
    {"contents", "what volumes hold: kinds of files, cold data, set-user-ID files, devices", true,
     Needs::kSizes, [](Server) { return make_contents_collector(); }},
    {"binds", "size of the bind mounts that --collector.sizes.binds chooses", true, Needs::kSizes,
     [](Server) { return make_binds_collector(); }},
    {"tmpfs", "use of the tmpfs mounts inside containers", true, Needs::kSizes,
     [](Server) { return make_tmpfs_collector(); }},
    {"scans", "what measuring sizes costs and how far it is", true, Needs::kSizes,
     [](Server) { return make_scans_collector(); }},
    {"filesystems", "capacity and health of each filesystem that holds Docker data", true,
     Needs::kFilesystems, [](Server) { return make_filesystems_collector(); }},
    {"devices", "block devices under those filesystems and what they do", true, Needs::kDisks,
     [](Server) { return make_devices_collector(); }},
    {"device_latency", "how long the disks take, measured by eBPF", true, Needs::kDeviceLatency,
     [](Server) { return make_device_latency_collector(); }},
    {"io", "reads, writes and fsyncs of each volume and mount and how long they take", true,
     Needs::kMountIo, [](Server) { return make_io_collector(); }},
    {"nfs", "requests, latency and retransmissions of volumes on NFS", true, Needs::kNothing,
     [](Server) { return make_nfs_collector(); }},
    {"containers", "I/O of each container by block device, and how long it waits for I/O", true,
     Needs::kContainerIo, [](Server) { return make_containers_collector(); }},
    {"orphans", "volumes nobody uses, since when, and those a prune would wrongly delete", true,
     Needs::kNothing, [](Server) { return make_orphans_collector(); }},
    {"agent", "this agent: its build, its sources and its process", true, Needs::kNothing,
     [](Server) { return make_agent_collector(); }},
    {"server", "this agent's HTTP server", true, Needs::kNothing,
     [](Server server) { return make_server_collector(std::move(server)); }},
};

}  // namespace

std::span<const CollectorEntry> builtin_collectors() { return kCollectors; }

}  // namespace volumeter
