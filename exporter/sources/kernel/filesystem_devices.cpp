// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/filesystem_devices.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/base/fields.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::string_view kDevices = "/dev/";
constexpr std::string_view kByUuid = "/dev/disk/by-uuid/";

// The device with a device-mapper name: dm-1 for /sys/class/block/dm-1/dm/name
std::string name_of_mapped(const HostPaths& paths, std::string_view given) {
  const auto names = list_dir(paths.sys("class/block"));
  if (!names) return {};
  for (const std::string& name : *names) {
    if (!name.starts_with("dm-")) continue;
    const auto text = read_file(paths.sys("class/block/" + name + "/dm/name"), kMaxNameBytes);
    if (text && trim(*text) == given) return name;
  }
  return {};
}

// LVM joins group and volume by a hyphen, and doubles those in their names: /dev/vg-a/data is
// called "vg--a-data" (lvm(8), NAMES).
std::string mapped_name_of(std::string_view group, std::string_view volume) {
  std::string name;
  for (const std::string_view part : {group, volume}) {
    if (!name.empty()) name += '-';
    for (const char c : part) name.append(c == '-' ? 2 : 1, c);
  }
  return name;
}

// What udev's link of another name leads to: /dev/disk/by-label/docker -> ../../sda2. It is on
// devtmpfs, which does not hang; a name with ".." may lead elsewhere.
std::optional<DeviceNumber> number_of_link(const HostPaths& paths, const std::string& source) {
  if (!source.starts_with("/dev/disk/") || source.find("/../") != std::string::npos) return {};
  const auto device = open_in_root(paths.rootfs, source, O_PATH);
  struct stat info {};
  if (!device || ::fstat(device->get(), &info) != 0 || !S_ISBLK(info.st_mode)) return {};
  return DeviceNumber{major(info.st_rdev), minor(info.st_rdev)};
}

// Of a device named in the mount table: /dev/sda1, /dev/mapper/vg0-data, /dev/vg0/data,
// /dev/cciss/c0d0 ("cciss!c0d0" in sysfs), /dev/disk/by-label/docker.
std::optional<DeviceNumber> number_of(const HostPaths& paths, const std::string& source) {
  constexpr std::string_view kMapped = "/dev/mapper/";
  if (!source.starts_with(kDevices)) return {};
  std::string_view rest = std::string_view(source).substr(kDevices.size());
  std::string name(rest);
  if (source.starts_with(kMapped)) {
    name = name_of_mapped(paths, source.substr(kMapped.size()));
  } else {
    std::replace(name.begin(), name.end(), '/', '!');
  }
  if (name.empty() || name == "." || name == "..") return {};
  if (const auto number = read_device_number(paths.sys("class/block/" + name))) return number;
  if (const auto number = number_of_link(paths, source)) return number;
  const std::string_view group = cut(rest, '/');
  if (rest.empty() || rest.find('/') != std::string_view::npos) return {};
  const std::string mapped = name_of_mapped(paths, mapped_name_of(group, rest));
  return mapped.empty() ? std::nullopt : read_device_number(paths.sys("class/block/" + mapped));
}

// One filesystem of several devices, as sysfs lists it.
struct Members {
  std::string uuid;
  std::vector<DeviceNumber> numbers;
};

// /sys/fs/btrfs/UUID/devices/sdb -> ../../../../devices/..., /sys/fs/bcachefs/UUID/dev-0/block
Members read_members(const std::string& folder, const std::string& uuid) {
  Members members{uuid, {}};
  const auto add = [&](const std::string& device) {
    if (const auto number = read_device_number(device)) members.numbers.push_back(*number);
  };
  if (const auto names = list_dir(folder + "/devices")) {
    for (const std::string& name : *names) add(folder + "/devices/" + name);
  } else if (const auto entries = list_dir(folder)) {
    for (const std::string& name : *entries) {
      if (name.starts_with("dev-")) add(folder + "/" + name + "/block");
    }
  }
  return members;
}

std::vector<Members> read_filesystems(const HostPaths& paths, const std::string& fstype) {
  std::vector<Members> all;
  const std::string folder = paths.sys("fs/" + fstype);
  const auto uuids = list_dir(folder);
  if (!uuids) return all;
  for (const std::string& uuid : *uuids) {
    Members members = read_members(folder + "/" + uuid, uuid);
    if (!members.numbers.empty()) all.push_back(std::move(members));
  }
  return all;
}

// "root=" of the kernel's command line, as /proc/cmdline has it:
//   BOOT_IMAGE=/boot/vmlinuz root=UUID=5f8a2a0e-6d0c-4f5b-9d2c-2f6f4f1c8e11 ro quiet
std::string root_of_command_line(const HostPaths& paths) {
  constexpr std::string_view kRoot = "root=";
  constexpr std::string_view kUuid = "UUID=";
  const auto text = read_file(paths.proc("cmdline"), kMaxNameBytes);
  if (!text) return {};
  std::string_view rest = trim(*text);
  for (auto word = next_field(rest); !word.empty(); word = next_field(rest)) {
    if (!word.starts_with(kRoot)) continue;
    word.remove_prefix(kRoot.size());
    if (!word.starts_with(kUuid)) return std::string(word);
    return std::string(kByUuid) + std::string(word.substr(kUuid.size()));
  }
  return {};
}

bool holds(const std::vector<DeviceNumber>& numbers, std::optional<DeviceNumber> number) {
  return number && std::find(numbers.begin(), numbers.end(), *number) != numbers.end();
}

// btrfs and bcachefs are mounted by any of their devices and by any name of it, which the user or,
// for /dev/root, the kernel chose. A host with one such filesystem leaves no doubt.
std::vector<DeviceNumber> find_members(const HostPaths& paths, const Mount& mount,
                                       const std::vector<DeviceNumber>& named) {
  const auto all = read_filesystems(paths, mount.fstype);
  const std::string source =
      mount.source == "/dev/root" ? root_of_command_line(paths) : mount.source;
  const auto number = number_of(paths, source);
  for (const Members& members : all) {
    if (source == std::string(kByUuid) + members.uuid) return members.numbers;
    if (holds(members.numbers, number)) return members.numbers;
    for (const DeviceNumber one : named) {
      if (holds(members.numbers, one)) return members.numbers;
    }
  }
  if (number) return {*number};
  const bool is_device =
      mount.source.starts_with(kDevices) && mount.source.size() > kDevices.size();
  return all.size() == 1 && is_device ? all.front().numbers : std::vector<DeviceNumber>{};
}

// Its own number first. Later ones may repeat.
std::vector<DeviceNumber> devices_of(const HostPaths& paths, const Mount& mount) {
  std::vector<DeviceNumber> numbers;
  if (mount.device.major != 0) numbers.push_back(mount.device);
  for (const std::string& source : mount.more_devices) {
    if (const auto number = number_of(paths, source)) numbers.push_back(*number);
  }
  if (mount.fstype == "btrfs" || mount.fstype == "bcachefs") {
    for (const DeviceNumber number : find_members(paths, mount, numbers)) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

std::vector<BlockDevice> read_devices_below(const HostPaths& paths, const Mount& mount) {
  std::vector<BlockDevice> all;
  for (const DeviceNumber number : devices_of(paths, mount)) {
    auto devices = read_block_devices(paths, number);
    if (!devices) continue;
    for (BlockDevice& device : std::move(devices).value()) all.push_back(std::move(device));
  }
  return all;
}

}  // namespace volumeter
