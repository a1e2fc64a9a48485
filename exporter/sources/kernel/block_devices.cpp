// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/block_devices.h"

#include <algorithm>

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

// /sys/dev/block/8:1 -> ../../devices/pci0000:00/.../block/sda/sda1: the directory of a partition
// is in that of its disk.
Result<Node> read_node(const HostPaths& paths, DeviceNumber number) {
  const std::string folder = device_folder(paths, number);
  const auto target = read_link(folder);
  if (!target) return target.error();

  Node node;
  node.device.name = device_name(*target);
  node.device.number = number;
  node.device.is_partition = read_attribute(folder + "/partition").has_value();
  const std::string disk = node.device.is_partition ? folder + "/.." : folder;
  node.device.model = read_attribute(disk + "/device/model");
  node.device.rotational = read_flag(disk + "/queue/rotational");
  node.device.dm_name = read_attribute(folder + "/dm/name");
  if (node.device.is_partition) {
    const std::string_view path = *target;
    add_parent(node, device_name(path.substr(0, path.rfind('/'))), disk);
  }
  const std::string slaves = folder + "/slaves/";
  if (const auto names = list_dir(slaves)) {
    for (const std::string& name : *names) {
      add_parent(node, device_name(name), slaves + name);
    }
  }
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
  return devices;
}

}  // namespace volumeter
