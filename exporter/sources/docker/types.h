// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exporter/base/time.h"

// What the Engine API says, as plain data. An absent optional is something the engine did
// not say.
namespace volumeter::docker {

using StringMap = std::map<std::string, std::string>;

// Who answers: GET /_ping, /version and /info.
struct Engine {
  std::string product;  // "docker" or "podman"
  std::string version;
  std::string api_version;  // the one spoken with it, not its newest
  std::string storage_driver;
  std::string root_directory;

  bool operator==(const Engine&) const = default;
};

struct Volume {
  std::string name;
  std::string driver;
  std::string scope;
  std::string mountpoint;
  std::optional<WallTime> created_at;
  StringMap labels;
  StringMap options;  // driver options; not empty for nfs, tmpfs, bind and quota volumes
};

enum class MountType { kVolume, kBind, kTmpfs, kOther };

struct ContainerMount {
  MountType type = MountType::kOther;
  std::string volume;  // name, for kVolume
  std::string source;  // host path, for kBind; unreliable for kVolume (empty on 20.10)
  std::string destination;
  bool writable = true;
};

enum class ContainerState { kCreated, kRunning, kStopped };

struct Container {
  std::string id;
  std::string name;
  ContainerState state = ContainerState::kStopped;
  StringMap labels;
  std::vector<ContainerMount> mounts;
};

// What only GET /containers/{id}/json tells.
struct ContainerDetails {
  std::optional<WallTime> started_at;
  std::optional<WallTime> finished_at;
  std::optional<std::uint32_t>
      pid;                         // of its first process, as the host counts; none if not running
  std::vector<std::string> tmpfs;  // destinations from HostConfig.Tmpfs, absent from the list
  bool readonly_rootfs = false;
};

// One message of GET /events.
struct Event {
  std::string type;    // "container", "volume"
  std::string action;  // "create", "die", "mount", ...
  std::string id;      // Actor.ID; Podman leaves it empty for volumes
};

}  // namespace volumeter::docker
