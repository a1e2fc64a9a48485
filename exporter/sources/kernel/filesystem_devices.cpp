// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/filesystem_devices.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "exporter/base/fields.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::size_t kMaxNameBytes = 4096;

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

// The sysfs name of a mount source: "sda1" for /dev/sda1, "dm-1" for
// /dev/mapper/vg0-data, "cciss!c0d0" for /dev/cciss/c0d0.
std::string name_of_source(const HostPaths& paths, std::string_view source) {
  constexpr std::string_view kDevices = "/dev/";
  constexpr std::string_view kMapped = "/dev/mapper/";
  if (source.starts_with(kMapped)) return name_of_mapped(paths, source.substr(kMapped.size()));
  if (!source.starts_with(kDevices)) return {};
  std::string name(source.substr(kDevices.size()));
  std::replace(name.begin(), name.end(), '/', '!');
  return name;
}

std::vector<DeviceNumber> numbers_in(const std::string& folder) {
  std::vector<DeviceNumber> numbers;
  const auto names = list_dir(folder);
  if (!names) return numbers;
  for (const std::string& name : *names) {
    if (const auto number = read_device_number(folder + "/" + name)) numbers.push_back(*number);
  }
  return numbers;
}

// The device number of a btrfs mount is anonymous. Its source is one of its devices, which is
// listed with the others: /sys/fs/btrfs/UUID/devices/sdb -> ../../../../devices/...
std::vector<DeviceNumber> devices_of_btrfs(const HostPaths& paths, std::string_view source) {
  const std::string name = name_of_source(paths, source);
  if (name.empty() || name == "." || name == "..") return {};
  const std::string all = paths.sys("fs/btrfs");
  if (const auto filesystems = list_dir(all)) {
    for (const std::string& uuid : *filesystems) {
      const std::string devices = all + "/" + uuid + "/devices";
      if (read_device_number(devices + "/" + name)) return numbers_in(devices);
    }
  }
  const auto number = read_device_number(paths.sys("class/block/" + name));
  return number ? std::vector{*number} : std::vector<DeviceNumber>{};
}

std::vector<DeviceNumber> devices_of(const HostPaths& paths, const Mount& mount) {
  if (mount.device.major != 0) return {mount.device};
  if (mount.fstype == "btrfs") return devices_of_btrfs(paths, mount.source);
  return {};
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
