// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/parsed.h"
#include "exporter/base/result.h"
#include "exporter/sources/interface/host_paths.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// The cgroup of a process in one hierarchy: a line of /proc/<pid>/cgroup.
struct CgroupMembership {
  std::string controllers;  // "blkio", "cpu,cpuacct", "name=systemd"; empty for version 2
  std::string path;         // relative to the root of the reader's cgroup namespace
};

// Accepts any text; a malformed line is rejected alone.
Parsed<CgroupMembership> parse_cgroup_memberships(std::string_view text);

// A mounted cgroup hierarchy of the host.
struct CgroupMount {
  std::string root;         // the cgroup at the mount point, usually "/"
  std::string mount_point;  // "/sys/fs/cgroup", "/sys/fs/cgroup/blkio"

  bool operator==(const CgroupMount&) const = default;
};

struct CgroupMounts {
  std::optional<CgroupMount> unified;  // cgroup v2
  std::optional<CgroupMount> blkio;    // cgroup v1; if present, cgroup v2 has no io controller

  bool operator==(const CgroupMounts&) const = default;
};

CgroupMounts find_cgroup_mounts(const MountList& mounts);

// The cgroup of the whole container: `path` up to the first component with the container's id,
// because processes in the container can create cgroups below it (systemd, Docker in Docker).
// Absent if no component has the id, as with podman's --cgroups=disabled.
std::optional<std::string_view> container_cgroup(std::string_view path, std::string_view id);

// The directory of the cgroup `path`. kUnsupported if the path is outside the mounted hierarchy,
// which means that this process runs in another cgroup namespace.
Result<std::string> cgroup_folder(const HostPaths& paths, const CgroupMount& mount,
                                  std::string_view path);

// The directories with the I/O statistics of a container.
struct CgroupFolders {
  std::string counters;                 // with io.stat (v2) or blkio.* (v1)
  bool is_v1 = false;                   // whether `counters` is cgroup v1
  std::optional<std::string> pressure;  // with io.pressure; absent without cgroup v2
};

// `memberships` are those of a process of the container.
Result<CgroupFolders> find_cgroup_folders(const HostPaths& paths, const CgroupMounts& mounts,
                                          const std::vector<CgroupMembership>& memberships,
                                          std::string_view id);

}  // namespace volumeter
