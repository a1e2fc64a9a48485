// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/cgroup/cgroup_paths.h"

#include <algorithm>

#include "exporter/base/fields.h"

namespace volumeter {
namespace {

constexpr std::string_view kBlkio = "blkio";

// A short container id has 12 digits; shorter text could be part of any name.
constexpr std::size_t kMinIdLength = 12;

bool is_among(std::string_view wanted, std::string_view controllers) {
  while (!controllers.empty()) {
    if (cut(controllers, ',') == wanted) return true;
  }
  return false;
}

// "5:blkio:/docker/4f5c..."; the path may contain colons.
std::optional<CgroupMembership> parse_membership(std::string_view line) {
  const auto hierarchy = to_integer<unsigned>(cut(line, ':'));
  const std::string_view controllers = cut(line, ':');
  if (!hierarchy || !line.starts_with('/')) return {};
  if (controllers.empty() != (*hierarchy == 0)) return {};
  return CgroupMembership{std::string(controllers), std::string(line)};
}

bool leads_upwards(std::string_view path) {
  while (!path.empty()) {
    if (cut(path, '/') == "..") return true;
  }
  return false;
}

// `path` relative to `root`, at least "/"; absent if it is not below `root`.
std::optional<std::string_view> below(std::string_view root, std::string_view path) {
  if (root == "/") return path;
  if (!path.starts_with(root)) return {};
  path.remove_prefix(root.size());
  if (path.empty()) return "/";
  if (path.front() != '/') return {};
  return path;
}

const CgroupMembership* find_membership(const std::vector<CgroupMembership>& all, bool of_blkio) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const CgroupMembership& one) {
    return of_blkio ? is_among(kBlkio, one.controllers) : one.controllers.empty();
  });
  return found == all.end() ? nullptr : &*found;
}

Result<std::string> find_folder(const HostPaths& paths, const std::optional<CgroupMount>& mount,
                                const CgroupMembership* membership, std::string_view id) {
  if (!mount) {
    return Error{ErrorKind::kUnsupported, "cgroup", "no hierarchy with I/O statistics is mounted"};
  }
  if (membership == nullptr) {
    return Error{ErrorKind::kNotFound, "cgroup", "not in a hierarchy with I/O statistics"};
  }
  const auto cgroup = container_cgroup(membership->path, id);
  if (!cgroup) {
    // Of a process that has ended: with version 1 it is in the root now, or its id was reused.
    return Error{
        ErrorKind::kNotFound, membership->path,
        "not the cgroup of a container; rootless engines make none under cgroup version 1"};
  }
  return cgroup_folder(paths, *mount, *cgroup);
}

}  // namespace

// cgroups(7), /proc/pid/cgroup. cgroup v2 is hierarchy 0 without controllers:
//   5:blkio:/docker/4f5c0b3f6d2e...
//   1:name=systemd:/docker/4f5c0b3f6d2e...
//   0::/system.slice/docker-4f5c0b3f6d2e....scope
Parsed<CgroupMembership> parse_cgroup_memberships(std::string_view text) {
  Parsed<CgroupMembership> parsed;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.empty()) continue;
    if (auto membership = parse_membership(line)) {
      parsed.items.push_back(std::move(*membership));
    } else {
      parsed.reject(line);
    }
  }
  return parsed;
}

// The list is sorted by length, so mounts of the host come before those of chroots. A mount of the
// root of the hierarchy is preferred to one of a part of it.
CgroupMounts find_cgroup_mounts(const MountList& mounts) {
  CgroupMounts found;
  for (const Mount& mount : mounts.mounts()) {
    const bool is_v2 = mount.fstype == "cgroup2";
    if (!is_v2 && !is_among(kBlkio, mount.controllers)) continue;
    auto& best = is_v2 ? found.unified : found.blkio;
    if (!best || (best->root != "/" && mount.root == "/")) {
      best = CgroupMount{mount.root, mount.mount_point};
    }
  }
  return found;
}

std::optional<std::string_view> container_cgroup(std::string_view path, std::string_view id) {
  if (id.size() < kMinIdLength) return {};
  const auto at = path.find(id);
  if (at == std::string_view::npos) return {};
  return path.substr(0, path.find('/', at));
}

Result<std::string> cgroup_folder(const HostPaths& paths, const CgroupMount& mount,
                                  std::string_view path) {
  const auto rest = below(mount.root, path);
  // The kernel shows cgroups outside the reader's namespace as "/../..", without names.
  if (!rest || leads_upwards(*rest)) {
    return Error{ErrorKind::kUnsupported, std::string(path),
                 "outside the cgroup namespace of the agent; run it with --cgroupns=host"};
  }
  constexpr std::string_view kSys = "/sys/";
  const std::string_view point = mount.mount_point;
  if (point.starts_with(kSys)) return paths.sys(point.substr(kSys.size())) + std::string(*rest);
  const std::string rootfs = paths.rootfs == "/" ? "" : paths.rootfs;
  return rootfs + mount.mount_point + std::string(*rest);
}

Result<CgroupFolders> find_cgroup_folders(const HostPaths& paths, const CgroupMounts& mounts,
                                          const std::vector<CgroupMembership>& memberships,
                                          std::string_view id) {
  const CgroupMembership* blkio = find_membership(memberships, true);
  const CgroupMembership* unified = find_membership(memberships, false);
  auto pressure = find_folder(paths, mounts.unified, unified, id);
  if (blkio == nullptr) {
    if (!pressure) return std::move(pressure).error();
    return CgroupFolders{*pressure, false, *pressure};
  }
  auto counters = find_folder(paths, mounts.blkio, blkio, id);
  if (!counters) return std::move(counters).error();
  CgroupFolders folders{std::move(counters).value(), true, {}};
  // In hybrid mode only containers with the systemd cgroup driver have a cgroup v2 as well.
  if (pressure) folders.pressure = std::move(pressure).value();
  return folders;
}

}  // namespace volumeter
