// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "exporter/base/device_number.h"
#include "exporter/base/parsed.h"

namespace volumeter {

// One line of /proc/<pid>/mountinfo.
struct Mount {
  std::uint64_t id = 0;
  std::uint64_t parent_id = 0;
  DeviceNumber device;        // major 0: the filesystem has no block device
  std::string root;           // the mounted directory within the filesystem
  bool root_deleted = false;  // that directory has been deleted
  std::string mount_point;
  std::string fstype;           // "ext4", "fuse.sshfs"
  std::string source;           // "/dev/vda1", "server:/export", "tmpfs"; may be empty
  bool readonly = false;        // this mount is read-only
  bool super_readonly = false;  // the filesystem is read-only, in all its mounts
  bool nosuid = false;
  bool nodev = false;
  bool noexec = false;
  bool is_shared = false;  // mounts below it propagate to its peers
  bool is_slave = false;   // mounts below its master propagate to it
  std::string server;      // "10.0.0.5", the addr= of a network filesystem; else empty
  // "/dev/sdc": what else the filesystem lies on, as its options or a source of several devices say.
  std::vector<std::string> more_devices;
  std::string upper_directory;  // of an overlay: what is written lies there
  std::string controllers;      // of a cgroup v1 hierarchy: "blkio", "cpu,cpuacct"
};

// Accepts any text; a malformed line is rejected alone.
Parsed<Mount> parse_mountinfo(std::string_view text);

// The mounts reachable by path, indexed by mount point; immutable.
class MountList {
 public:
  // Drops unreachable mounts: of mounts stacked on one mount point all but the top, and mounts below
  // a directory that was mounted over later.
  explicit MountList(std::vector<Mount> mounts, std::uint64_t generation = 0);

  MountList(const MountList&) = delete;
  MountList& operator=(const MountList&) = delete;

  const std::vector<Mount>& mounts() const {
    return mounts_;
  }                                                         // sorted by length of the mount point
  std::uint64_t generation() const { return generation_; }  // increases with each change

  // The mount that `path` is on: the one with the longest mount point that is `path` or one of its
  // parent directories; null if there is none.
  const Mount* find(std::string_view path) const;

 private:
  void add_top(std::span<Mount> stack, const std::unordered_set<std::uint64_t>& known);

  std::vector<Mount> mounts_;
  std::unordered_map<std::string_view, std::size_t> by_point_;  // views into mounts_
  std::uint64_t generation_;
};

inline const Mount* find_mount(const MountList& list, std::string_view path) {
  return list.find(path);
}

}  // namespace volumeter
