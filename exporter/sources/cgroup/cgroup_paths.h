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
  std::string path;         // below the root of the reader's cgroup namespace
};

// Total: any text is an answer.
Parsed<CgroupMembership> parse_cgroup_memberships(std::string_view text);

// Where a hierarchy of cgroups is mounted on the host.
struct CgroupMount {
  std::string root;         // the cgroup that is seen at the mount point, "/" as a rule
  std::string mount_point;  // "/sys/fs/cgroup", "/sys/fs/cgroup/blkio"

  bool operator==(const CgroupMount&) const = default;
};

struct CgroupMounts {
  std::optional<CgroupMount> unified;  // version 2
  std::optional<CgroupMount> blkio;    // version 1; then version 2 has no controller of I/O

  bool operator==(const CgroupMounts&) const = default;
};

CgroupMounts find_cgroup_mounts(const MountList& mounts);

// The cgroup that holds the whole container: `path` up to the first component with the
// container's id, for the processes in it may have made cgroups of their own (systemd, a
// Docker in Docker). Nothing if there is none, as with podman's --cgroups=disabled.
std::optional<std::string_view> container_cgroup(std::string_view path, std::string_view id);

// The folder of the cgroup `path` as seen from here. kUnsupported if the path leads out of
// what is mounted, which is so when this process is in another cgroup namespace.
Result<std::string> cgroup_folder(const HostPaths& paths, const CgroupMount& mount,
                                  std::string_view path);

// The folders in which the kernel counts the I/O of a container.
struct CgroupFolders {
  std::string counters;                 // has io.stat in version 2, blkio.* in version 1
  bool is_v1 = false;                   // the folder of the counters
  std::optional<std::string> pressure;  // has io.pressure; absent if only version 1 is there
};

// `memberships` is of a process of the container.
Result<CgroupFolders> find_cgroup_folders(const HostPaths& paths, const CgroupMounts& mounts,
                                          const std::vector<CgroupMembership>& memberships,
                                          std::string_view id);

}  // namespace volumeter
