// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/mountinfo.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "exporter/base/fields.h"
#include "exporter/sources/kernel/octal_escapes.h"

namespace volumeter {
namespace {

constexpr std::string_view kDeleted = "//deleted";

// Options begin with "rw" or "ro"; anything else is a malformed line.
std::optional<bool> is_readonly(std::string_view options) {
  const std::string_view first = cut(options, ',');
  if (first == "ro") return true;
  if (first == "rw") return false;
  return {};
}

bool has_option(std::string_view options, std::string_view option) {
  while (!options.empty()) {
    if (cut(options, ',') == option) return true;
  }
  return false;
}

// Since Linux 6.16 an ext4 that stops writing after an error stays "rw" and has an extra option.
// Before 6.12 its superblock became "ro"; kernels in between, and stable kernels with that change
// (6.1.192), show nothing in mountinfo:
//   rw,errors=remount-ro,emergency_ro
bool is_emergency_readonly(std::string_view options) { return has_option(options, "emergency_ro"); }

// The value of an option "key=value"; empty if there is none. NFS and CIFS show the address of their
// server, which the source may lack or spell in any way:
//   rw,vers=4.2,hard,addr=10.0.0.5
std::string_view option_value(std::string_view options, std::string_view key) {
  while (!options.empty()) {
    std::string_view value = cut(options, ',');
    if (cut(value, '=') == key) return value;
  }
  return {};
}

// XFS has its log and its files of realtime data on other devices if told so (xfs(5)), ReiserFS its
// journal; bcachefs lists all of its devices as the source:
//   40 27 8:16 / /data rw - xfs /dev/sdb rw,attr2,logdev=/dev/sdd,rtdev=/dev/sdc,noquota
//   41 27 8:16 / /data rw - bcachefs /dev/sdb:/dev/sdc rw
std::vector<std::string> find_more_devices(std::string_view source, std::string_view options) {
  constexpr std::string_view kDevFolder = "/dev/";
  std::vector<std::string> devices;
  if (source.starts_with(kDevFolder)) {
    for (auto at = source.find(":/dev/"); at != std::string_view::npos;) {
      source.remove_prefix(at + 1);
      at = source.find(":/dev/");
      devices.push_back(undo_octal_escapes(source.substr(0, at)));
    }
  }
  for (const char* key : {"logdev", "rtdev", "jdev"}) {
    const std::string_view device = option_value(options, key);
    if (device.starts_with(kDevFolder)) devices.push_back(undo_octal_escapes(device));
  }
  return devices;
}

// Any number of optional fields: "shared:1 master:2 unbindable -".
bool read_optional_fields(std::string_view& rest, Mount& mount) {
  while (!rest.empty()) {
    const std::string_view field = cut(rest, ' ');
    if (field == "-") return true;
    mount.is_shared = mount.is_shared || field.starts_with("shared:");
    mount.is_slave = mount.is_slave || field.starts_with("master:");
  }
  return false;
}

bool read_numbers(std::string_view& rest, Mount& mount) {
  const auto id = to_integer<std::uint64_t>(cut(rest, ' '));
  const auto parent = to_integer<std::uint64_t>(cut(rest, ' '));
  const auto device = parse_device_number(cut(rest, ' '));
  if (!id || !parent || !device) return false;
  mount.id = *id;
  mount.parent_id = *parent;
  mount.device = *device;
  return true;
}

// Documentation/filesystems/proc.rst, 3.5:
//   36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
// Fields are separated by exactly one space; an empty source shows as two spaces:
//   41 27 0:35 / /run/x rw,nosuid - tmpfs  rw,size=1024k
// A cgroup v1 hierarchy lists its controllers in the options (cgroup_show_options()):
//   38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
// nsfs and cgroup roots need not begin with a slash ("net:[4026531840]").
std::optional<Mount> parse_mount(std::string_view rest) {
  Mount mount;
  if (!read_numbers(rest, mount)) return {};
  const std::string_view root = cut(rest, ' ');
  const std::string_view mount_point = cut(rest, ' ');
  const std::string_view options = cut(rest, ' ');
  const auto readonly = is_readonly(options);
  if (root.empty() || !mount_point.starts_with('/') || !readonly) return {};
  if (!read_optional_fields(rest, mount)) return {};
  const std::string_view fstype = cut(rest, ' ');
  const std::string_view source = cut(rest, ' ');
  const std::string_view super_options = cut(rest, ' ');
  const auto super_readonly = is_readonly(super_options);
  if (fstype.empty() || !super_readonly) return {};

  mount.root_deleted = root.ends_with(kDeleted);
  mount.root =
      undo_octal_escapes(root.substr(0, root.size() - (mount.root_deleted ? kDeleted.size() : 0)));
  mount.mount_point = undo_octal_escapes(mount_point);
  mount.fstype = undo_octal_escapes(fstype);
  mount.source = undo_octal_escapes(source);
  mount.readonly = *readonly;
  mount.nosuid = has_option(options, "nosuid");
  mount.nodev = has_option(options, "nodev");
  mount.noexec = has_option(options, "noexec");
  mount.super_readonly = *super_readonly || is_emergency_readonly(super_options);
  mount.server = option_value(super_options, "addr");
  mount.more_devices = find_more_devices(source, super_options);
  if (mount.fstype == "overlay") {
    mount.upper_directory = undo_octal_escapes(option_value(super_options, "upperdir"));
  }
  if (mount.fstype == "cgroup" && super_options.size() > 3) {
    mount.controllers = super_options.substr(3);  // after "rw,"
  }
  return mount;
}

// "/a/b" -> "/a" -> "/" -> "".
std::string_view parent_of(std::string_view path) {
  if (path.size() <= 1) return {};
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return path.substr(0, slash == 0 ? 1 : slash);
}

}  // namespace

Parsed<Mount> parse_mountinfo(std::string_view text) {
  Parsed<Mount> parsed;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.empty()) continue;
    if (auto mount = parse_mount(line)) {
      parsed.items.push_back(std::move(*mount));
    } else {
      parsed.reject(line);
    }
  }
  return parsed;
}

MountList::MountList(std::vector<Mount> mounts, std::uint64_t generation)
    : generation_(generation) {
  std::unordered_set<std::uint64_t> known;
  for (const Mount& mount : mounts) known.insert(mount.id);
  // Shorter mount points first, so that a mount comes after the one it is mounted on.
  std::stable_sort(mounts.begin(), mounts.end(), [](const Mount& a, const Mount& b) {
    return std::pair(a.mount_point.size(), std::string_view(a.mount_point)) <
           std::pair(b.mount_point.size(), std::string_view(b.mount_point));
  });
  mounts_.reserve(mounts.size());  // by_point_ points into it
  for (auto first = mounts.begin(); first != mounts.end();) {
    const auto last = std::find_if(first, mounts.end(), [&](const Mount& mount) {
      return mount.mount_point != first->mount_point;
    });
    add_top({&*first, static_cast<std::size_t>(last - first)}, known);
    first = last;
  }
}

// Of the mounts at one place the one is seen on which no other of them is mounted. Neither ids nor
// the order of lines tell: since Linux 4.11 a mount may propagate beneath an older one, and
// MS_MOVE puts an older one on a newer.
void MountList::add_top(std::span<Mount> stack, const std::unordered_set<std::uint64_t>& known) {
  const Mount* below = find(parent_of(stack.front().mount_point));
  std::unordered_set<std::uint64_t> ids;
  std::unordered_set<std::uint64_t> parents;
  if (stack.size() > 1) {
    for (const Mount& mount : stack) {
      ids.insert(mount.id);
      parents.insert(mount.parent_id);
    }
  }
  Mount* top = nullptr;
  bool is_hidden = true;
  for (Mount& mount : stack) {
    if (!parents.contains(mount.id)) top = &mount;
    if (ids.contains(mount.parent_id)) continue;
    // The lowest one. Its parent may exist and be covered by another mount now.
    is_hidden = is_hidden && below != nullptr && known.contains(mount.parent_id) &&
                mount.parent_id != below->id;
  }
  // Damaged lines may make each the parent of another.
  if (top == nullptr || is_hidden) return;
  mounts_.push_back(std::move(*top));
  by_point_.emplace(mounts_.back().mount_point, mounts_.size() - 1);
}

const Mount* MountList::find(std::string_view path) const {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  for (; !path.empty(); path = parent_of(path)) {
    const auto found = by_point_.find(path);
    if (found != by_point_.end()) return &mounts_[found->second];
  }
  return nullptr;
}

}  // namespace volumeter
