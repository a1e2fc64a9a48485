// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/places.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "exporter/base/device_number.h"

namespace volumeter {
namespace {

// Filesystems of the host that lie on no device of their own number.
constexpr std::array<std::string_view, 8> kLocalWithoutDevice = {
    "btrfs", "zfs", "bcachefs", "tmpfs", "ramfs", "overlay", "aufs", "ubifs"};

bool is_fuse(std::string_view fstype) {
  return fstype == "fuse" || fstype == "fuseblk" || fstype.starts_with("fuse.");
}

std::string_view protocol_of(std::string_view fstype) {
  if (fstype == "nfs" || fstype == "nfs4") return "nfs";
  if (fstype == "cifs" || fstype == "smb3") return "cifs";
  return {};
}

// "10.0.0.5:/export", "[fd00::5]:/export", "//nas/share"; empty where the source names none, as
// Docker's NFS volumes do (":/export").
std::string_view server_in(std::string_view source) {
  if (source.starts_with("//")) {
    source.remove_prefix(2);
    return source.substr(0, source.find('/'));
  }
  const auto colon = source.find(":/");
  return colon == std::string_view::npos ? std::string_view() : source.substr(0, colon);
}

}  // namespace

std::string backing_device(const Mount& mount) {
  const std::string number = to_string(mount.device);
  if (const auto protocol = protocol_of(mount.fstype); !protocol.empty()) {
    // The address is the same however the source spells the server.
    const std::string_view server =
        mount.server.empty() ? server_in(mount.source) : std::string_view(mount.server);
    if (!server.empty()) return std::string(protocol) + ":" + std::string(server);
  }
  // fuseblk has the number of the device that its server reads.
  return is_fuse(mount.fstype) && mount.device.major != 0 ? "fuse:" + number : number;
}

bool is_local(const Mount& mount) {
  if (is_fuse(mount.fstype)) return false;
  if (mount.device.major != 0) return true;
  return std::find(kLocalWithoutDevice.begin(), kLocalWithoutDevice.end(), mount.fstype) !=
         kLocalWithoutDevice.end();
}

Place place_of(const FilesystemFacts& filesystem) {
  return place_on(filesystem, filesystem.mount_point);
}

Place place_on(const FilesystemFacts& filesystem, std::string path) {
  Place place;
  place.path = std::move(path);
  place.mount_id = filesystem.mount_id;
  place.device = filesystem.backing_device;
  place.is_local = filesystem.is_local;
  return place;
}

Place place_in(const MountList& mounts, std::string path) {
  Place place;
  if (const Mount* mount = mounts.find(path)) {
    place.mount_id = mount->id;
    place.device = backing_device(*mount);
    place.is_local = is_local(*mount);
  }
  place.path = std::move(path);
  return place;
}

Place place_inside(const ContainerFacts& container, std::string path, const std::string& procfs) {
  Place place;
  place.root = procfs + "/" + std::to_string(container.pid.value_or(0)) + "/root";
  place.path = std::move(path);
  place.container = container.name.plain();
  return place;
}

}  // namespace volumeter
