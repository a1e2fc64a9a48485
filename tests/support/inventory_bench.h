// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/model/inventory_builder.h"

namespace volumeter::test {

using docker::ContainerMount;
using docker::ContainerState;
using docker::MountType;

inline const std::string kVolumes = "/var/lib/docker/volumes/";

inline constexpr const char* kMountInfo =
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "2 1 0:4 / /proc rw - proc proc rw\n"
    "3 1 8:2 / /srv ro - xfs /dev/sda2 rw\n";

inline docker::Volume local(const std::string& name) {
  return {.name = name,
          .driver = "local",
          .scope = "local",
          .mountpoint = kVolumes + name + "/_data",
          .created_at = {},
          .labels = {},
          .options = {}};
}

inline ContainerMount by_name(std::string volume, std::string destination = "/data") {
  return {MountType::kVolume, std::move(volume), "", std::move(destination), true};
}

inline ContainerMount bound(std::string source, std::string destination = "/bound") {
  return {MountType::kBind, "", std::move(source), std::move(destination), true};
}

inline docker::Container container(const std::string& name, ContainerState state,
                                   std::vector<ContainerMount> mounts) {
  return {
      .id = "id-" + name, .name = name, .state = state, .labels = {}, .mounts = std::move(mounts)};
}

inline docker::Container running(const std::string& name, std::vector<ContainerMount> mounts) {
  return container(name, ContainerState::kRunning, std::move(mounts));
}

inline docker::Container stopped(const std::string& name, std::vector<ContainerMount> mounts) {
  return container(name, ContainerState::kStopped, std::move(mounts));
}

inline docker::Container created(const std::string& name, std::vector<ContainerMount> mounts) {
  return container(name, ContainerState::kCreated, std::move(mounts));
}

// What an inventory is made from, of one small host that a test changes.
struct InventoryBench {
  docker::Facts docker;
  std::string mountinfo = kMountInfo;
  std::map<std::string, std::string> links;
  std::set<std::string> missing;
  std::map<std::uint32_t, std::string> layers;  // upper directories, by process
  std::map<DeviceNumber, std::vector<BlockDevice>> devices;
  std::vector<BlockDevice> more_devices;
  std::vector<std::string> user_labels;
  std::string measured_binds;

  Inventory inventory() const { return inventory(&docker); }

  Inventory inventory(const docker::Facts* facts) const {
    const MountList mounts(parse_mountinfo(mountinfo).items);
    const auto resolved = [&](const std::string& path) {
      for (const auto& [from, to] : links) {
        if (path == from || path.starts_with(from + "/")) return to + path.substr(from.size());
      }
      return path;
    };
    const auto devices_below = [&](const Mount& mount) {
      const auto found = devices.find(mount.device);
      return found == devices.end() ? std::vector<BlockDevice>{} : found->second;
    };
    return build_inventory(
        {.docker = facts,
         .mounts = &mounts,
         .resolved = resolved,
         .is_missing = [&](const std::string& path) { return missing.contains(path); },
         .upper_directory =
             [&](std::uint32_t pid) {
               const auto found = layers.find(pid);
               return found == layers.end() ? std::string() : found->second;
             },
         .devices_below = devices_below,
         .more_devices = more_devices,
         .user_labels = user_labels,
         .measured_binds = *PathPattern::parse(measured_binds)});
  }
};

inline const VolumeFacts& volume(const Inventory& inventory, std::string_view name) {
  const auto found = std::find_if(inventory.volumes.begin(), inventory.volumes.end(),
                                  [&](const auto& facts) { return facts.name == name; });
  REQUIRE(found != inventory.volumes.end());
  return *found;
}

// What the one volume "db" is on a host with these containers.
inline Inventory with_db(std::vector<docker::Container> containers) {
  InventoryBench host;
  host.docker.volumes = {local("db")};
  host.docker.containers = std::move(containers);
  return host.inventory();
}

inline VolumeUse use_of_db(std::vector<docker::Container> containers) {
  return with_db(std::move(containers)).volumes.front().use;
}

inline VolumeUse use_of_db_bound_from(const std::string& source) {
  return use_of_db({running("a", {bound(source)})});
}

inline std::vector<std::string> texts(const Inventory& inventory, MountKind kind) {
  std::vector<std::string> out;
  for (const MountFacts& mount : inventory.mounts) {
    if (mount.kind == kind) out.push_back(mount.destination.plain());
  }
  return out;
}

}  // namespace volumeter::test
