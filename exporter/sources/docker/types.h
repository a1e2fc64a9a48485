// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exporter/base/time.h"

// Data of the Engine API. An optional is absent if the engine did not send the field.
namespace volumeter::docker {

using StringMap = std::map<std::string, std::string>;

// The engine, from GET /_ping, /version and /info.
struct Engine {
  std::string product;  // "docker" or "podman"
  std::string version;
  std::string api_version;  // the one in use, not the newest one of the engine
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
  // False: its driver did not answer, and this is from an earlier list or from what containers
  // mount. It may be gone by now.
  bool is_listed = true;
  // As of the events that this agent has seen: a container had it mounted; a volume of this name was
  // removed, so that this is another one.
  std::optional<WallTime> used_at;
  std::optional<WallTime> remade_at;
};

// A volume driver of the engine, built in or a plugin.
struct VolumeDriver {
  std::string name;
  std::string scope;       // of its volumes, "local" or "global"; empty while none is known
  std::optional<bool> up;  // whether it listed its volumes when last asked; absent: never asked

  bool operator==(const VolumeDriver&) const = default;
};

enum class MountType { kVolume, kBind, kTmpfs, kImage, kOther };

// Whether mounts that are made later below the source or below the destination appear at the other:
// neither; at the destination; at both.
enum class Propagation { kPrivate, kSlave, kShared };

struct ContainerMount {
  MountType type = MountType::kOther;
  std::string volume;  // name, for kVolume
  std::string source;  // host path, for kBind and kImage; unreliable for kVolume (empty on 20.10)
  std::string destination;
  bool writable = true;
  std::string driver;  // of a volume: two drivers may have volumes of one name
  Propagation propagation = Propagation::kPrivate;
};

enum class ContainerState { kCreated, kRunning, kStopped };

struct Container {
  std::string id;
  std::string name;
  ContainerState state = ContainerState::kStopped;
  StringMap labels;
  std::vector<ContainerMount> mounts;
  // False if the list leaves them out and the container is not inspected yet: Podman before 3.4.5
  // says "Mounts": null.
  bool knows_mounts = true;
  bool ended_lately = true;  // within an hour, or the engine does not say
};

// Fields that only GET /containers/{id}/json has.
struct ContainerDetails {
  std::optional<WallTime> started_at;
  std::optional<WallTime> finished_at;
  std::optional<std::uint32_t> pid;  // of its first process on the host; absent if not running
  std::vector<std::string> tmpfs;    // destinations from HostConfig.Tmpfs, absent from the list
  bool readonly_rootfs = false;
  std::string start_error;  // why its last start failed; empty once it has started
  std::optional<std::vector<ContainerMount>> mounts;  // as in the list
  // Destinations of bind mounts whose source the engine does not create: those of --mount.
  std::vector<std::string> strict_binds;
};

// One message of GET /events.
struct Event {
  std::string type;    // "container", "volume"
  std::string action;  // "create", "die", "mount", ...
  std::string id;      // Actor.ID; Podman leaves it empty for volumes
  std::string driver;  // of a volume; empty if unknown
};

}  // namespace volumeter::docker
