// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/block_devices.h"

#include <algorithm>
#include <set>

#include "exporter/base/fields.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::size_t kMaxDevices = 64;
constexpr std::size_t kMaxAttributeBytes = 4096;

// A device and the numbers of its parents, as far as they can be read.
struct Node {
  BlockDevice device;
  std::vector<DeviceNumber> below;
};

// A sysfs attribute: "ST4000DM004-2CV1\n".
std::optional<std::string> read_attribute(const std::string& path) {
  const auto text = read_file(path, kMaxAttributeBytes);
  if (!text || trim(*text).empty()) return {};
  return std::string(trim(*text));
}

std::optional<bool> read_flag(const std::string& path) {
  const auto text = read_attribute(path);
  if (text == "1") return true;
  if (text == "0") return false;
  return {};
}

// sysfs names cannot contain a slash: kobject_set_name() replaces it by '!' ("cciss!c0d0").
std::string device_name(std::string_view file) {
  std::string name(file.substr(file.rfind('/') + 1));
  std::replace(name.begin(), name.end(), '!', '/');
  return name;
}

std::string device_folder(const HostPaths& paths, DeviceNumber number) {
  return paths.sys("dev/block/" + to_string(number));
}

void add_parent(Node& node, const std::string& name, const std::string& folder) {
  node.device.parents.push_back(name);
  if (const auto number = read_device_number(folder)) node.below.push_back(*number);
}

// /sys/block/loop0/loop/backing_file: "/srv/images/pg.img". Nothing for a file that was deleted or
// is on no mount of the host.
std::optional<std::string> read_backing_file(const std::string& folder) {
  auto file = read_attribute(folder + "/loop/backing_file");
  if (!file || !file->starts_with('/') || file->ends_with(" (deleted)")) return {};
  return file;
}

// The controller of the path "nvme0c1n2" is no part of its disk's name, nvme0n2. Empty for other
// names.
std::string disk_of_path(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789";
  if (!name.starts_with("nvme")) return {};
  const auto controller = name.find_first_not_of(kDigits, 4);
  if (controller == std::string_view::npos || name[controller] != 'c') return {};
  const auto space = name.find_first_not_of(kDigits, controller + 1);
  if (space == std::string_view::npos || name[space] != 'n') return {};
  return std::string(name.substr(0, controller)) + std::string(name.substr(space));
}

// drivers/nvme/host/multipath.c: the disk that is used is a virtual one, each path to it a hidden
// one that has no number:
//   /sys/class/block/nvme0n1 -> ../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1
//   /sys/class/block/nvme0c1n1 -> ../../devices/pci0000:00/.../nvme/nvme1/nvme0c1n1
std::vector<std::string> find_hidden_paths(const HostPaths& paths, std::string_view target,
                                           const std::string& disk) {
  std::vector<std::string> found;
  if (target.find("/nvme-subsystem/") == std::string_view::npos) return found;
  const auto names = list_dir(paths.sys("class/block"));
  if (!names) return found;
  for (const std::string& name : *names) {
    if (disk_of_path(name) == disk) found.push_back(name);
  }
  return found;
}

BlockDevice read_hidden_path(const HostPaths& paths, const std::string& name) {
  const std::string folder = paths.sys("class/block/" + name);
  BlockDevice device;
  device.name = name;
  device.model = read_attribute(folder + "/device/model");
  device.rotational = read_flag(folder + "/queue/rotational");
  return device;
}

void add_slaves(Node& node, const std::string& folder) {
  const std::string slaves = folder + "/slaves/";
  const auto names = list_dir(slaves);
  if (!names) return;
  for (const std::string& name : *names) add_parent(node, device_name(name), slaves + name);
}

// /sys/dev/block/8:1 -> ../../devices/pci0000:00/.../block/sda/sda1: the directory of a partition
// is in that of its disk.
Result<Node> read_node(const HostPaths& paths, DeviceNumber number) {
  const std::string folder = device_folder(paths, number);
  const auto target = read_link(folder);
  if (!target) return target.error();

  Node node;
  BlockDevice& device = node.device;
  device.name = device_name(*target);
  device.number = number;
  device.is_partition = read_attribute(folder + "/partition").has_value();
  const std::string disk = device.is_partition ? folder + "/.." : folder;
  device.model = read_attribute(disk + "/device/model");
  device.rotational = read_flag(disk + "/queue/rotational");
  device.dm_name = read_attribute(folder + "/dm/name");
  device.backing_file = read_backing_file(folder);
  const std::string_view path = *target;
  const std::string disk_name =
      device.is_partition ? device_name(path.substr(0, path.rfind('/'))) : device.name;
  device.hidden_paths = find_hidden_paths(paths, path, disk_name);
  if (device.is_partition) {
    add_parent(node, disk_name, disk);
  } else {
    device.parents = device.hidden_paths;
  }
  add_slaves(node, folder);
  return node;
}

bool is_listed(const std::vector<BlockDevice>& devices, DeviceNumber number) {
  return std::any_of(devices.begin(), devices.end(),
                     [&](const BlockDevice& device) { return device.number == number; });
}

Result<Node> read_top(const HostPaths& paths, DeviceNumber number) {
  if (number.major == 0) {
    return Error{ErrorKind::kNotFound, to_string(number), "filesystem without a block device"};
  }
  return read_node(paths, number);
}

}  // namespace

// Documentation/ABI/stable/sysfs-block, "dev": 8:16
std::optional<DeviceNumber> read_device_number(const std::string& folder) {
  const auto text = read_attribute(folder + "/dev");
  if (!text) return {};
  return parse_device_number(*text);
}

Result<std::string> read_block_device_name(const HostPaths& paths, DeviceNumber number) {
  const auto target = read_link(device_folder(paths, number));
  if (!target) return target.error();
  return device_name(*target);
}

Result<BlockDevice> read_block_device(const HostPaths& paths, DeviceNumber number) {
  auto node = read_top(paths, number);
  if (!node) return node.error();
  return std::move(node).value().device;
}

Result<std::vector<BlockDevice>> read_block_devices(const HostPaths& paths, DeviceNumber number) {
  auto top = read_top(paths, number);
  if (!top) return top.error();
  std::vector<DeviceNumber> open = top->below;
  std::vector<BlockDevice> devices{top->device};
  for (std::size_t i = 0; i < open.size() && devices.size() < kMaxDevices; ++i) {
    if (is_listed(devices, open[i])) continue;
    auto node = read_node(paths, open[i]);
    if (!node) continue;
    open.insert(open.end(), node->below.begin(), node->below.end());
    devices.push_back(node->device);
  }
  std::set<std::string> hidden;
  for (const BlockDevice& device : devices) {
    hidden.insert(device.hidden_paths.begin(), device.hidden_paths.end());
  }
  for (const std::string& name : hidden) devices.push_back(read_hidden_path(paths, name));
  return devices;
}

}  // namespace volumeter
