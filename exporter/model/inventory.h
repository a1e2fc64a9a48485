// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/base/device_number.h"
#include "exporter/base/label.h"
#include "exporter/sources/docker/types.h"
#include "exporter/sources/kernel/block_device.h"

namespace volumeter {

// in use: a running container refers to the volume; idle: only containers that do not run;
// orphaned: no container, neither by name nor by a bind mount of its directory nor by way of another
// volume; unknown: what is known of this host does not tell.
enum class VolumeUse { kInUse, kIdle, kOrphaned, kUnknown };

// Why the use of a volume is unknown: the mounts of a container are; the volume is of scope "global",
// and other hosts may use it; or its driver does not list its volumes, and it may be gone or another
// one by now.
enum class UnknownUse { kContainerMounts, kGlobalScope, kNotListed };

// Why a mount failed at the start of a container: its source does not exist; there is no such device
// or filesystem type; a server is unreachable; access is denied; one of source and destination is a
// directory and the other is a file; the source is read-only; the volume driver failed.
enum class MountFailureReason {
  kSourceMissing,
  kNoDevice,
  kUnreachable,
  kDenied,
  kNotADirectory,
  kReadOnly,
  kDriver,
  kOther,
};

enum class MountKind { kVolume, kBind, kTmpfs, kImage, kRootfs };

struct ContainerCounts {
  std::uint32_t running = 0;
  std::uint32_t stopped = 0;
  std::uint32_t created = 0;
};

// A filesystem that holds Docker data, by the mount that stands for it.
struct FilesystemFacts {
  std::string mount_point;  // host path, what statfs is asked about
  DeviceNumber number;
  Label device;  // "/dev/vda1", "tmpfs", "server:/export"
  Label mountpoint;
  Label fstype;
  Label major;
  Label minor;
  bool readonly = false;
  std::uint64_t mount_id = 0;  // of that mount, as mountinfo numbers them
  std::string backing_device;  // see places.h
  bool is_local = false;       // see places.h
  // Indices into Inventory::devices: what it lies on and all below that, down to the disks.
  std::vector<std::size_t> devices;
  // It lies on others besides the one it has the number of: members of a btrfs or bcachefs, a log or
  // realtime device of XFS.
  bool has_more_devices = false;
  bool lacks_devices = false;  // some of them are not in `devices`
};

// A block device below such a filesystem or below another such device; with
// --collector.devices.all any device with I/O.
struct DeviceFacts {
  BlockDevice block;  // all that sysfs says; the labels repeat what labels need
  Label name;
  Label major;
  Label minor;
  Label model;
  Label dm_name;
  std::vector<Label> parents;
};

struct ContainerFacts {
  Label name;
  Label id;
  Label compose_project;
  Label compose_service;
  docker::ContainerState state = docker::ContainerState::kStopped;
  std::optional<WallTime> finished_at;
  std::optional<std::uint32_t> pid;  // of its first process, as the host counts, while it runs
};

// What was asked of a mount besides its mode. Only options of a volume ask for flags.
struct MountRequest {
  docker::Propagation propagation = docker::Propagation::kPrivate;
  bool nosuid = false;
  bool nodev = false;
  bool noexec = false;
};

// One row of docker_mount_info: what a container sees at a destination.
struct MountFacts {
  MountKind kind = MountKind::kVolume;
  std::size_t container = 0;          // index into Inventory::containers
  std::optional<std::size_t> volume;  // index into Inventory::volumes
  Label volume_label;
  Label source;
  Label destination;
  std::optional<bool> writable;  // of a root filesystem, only inspecting the container tells
  // Where the host has what is mounted, links resolved; empty of a tmpfs and where unknown.
  std::string data_path;
  // The volume whose data it shows, by name or by a bind mount of it or of something in it.
  std::optional<std::size_t> data_volume;
  std::optional<std::size_t> filesystem;  // of the data; of a root filesystem, of all engine data
  MountRequest asked;
  // A bind mount without which the container does not start.
  bool needs_source = false;
  bool is_source_missing = false;  // of a bind mount, as far as this host's files are seen
};

// An NFS mount that begins where a volume's data does.
struct NfsMountFacts {
  std::string mount_point;
  std::string source;  // "10.0.0.5:/export"
  // Its counters include I/O of others: another mount of the host has the same superblock, as two
  // mounts of one export do, or the volume is a bind mount of it, or another volume has the same
  // directory.
  bool is_shared = false;
};

struct VolumeFacts {
  std::string name;
  // Host path of its data, which is not its mountpoint if it is a bind mount of another
  // directory; empty if the driver does not say.
  std::string path;
  Label label;
  Label driver;
  Label scope;
  Label mountpoint;
  Label compose_project;
  Label compose_volume;
  bool anonymous = false;
  // Its data is reachable only while it is mounted (nfs, tmpfs, device), and it is not.
  bool unmounted = false;
  // The volume of a plugin that no running container has: most plugins mount it for a container only,
  // so that its directory is an empty one until then; some keep its data there.
  bool may_be_unmounted = false;
  std::optional<double> created;  // Unix seconds
  // That is the time of the last change of a directory, which a touch or chmod renews: Docker says so
  // of local volumes.
  bool created_may_move = false;
  // As the events of the engine show: when another volume of its name was removed, when a container
  // mounted or unmounted it. Told apart by being another time, as clocks go back.
  std::optional<double> remade_event;
  std::optional<double> used_event;
  VolumeUse use = VolumeUse::kOrphaned;
  UnknownUse unknown_use = UnknownUse::kContainerMounts;  // if the use is unknown
  ContainerCounts containers;             // by name or by bind mount, each container once
  std::optional<std::size_t> filesystem;  // index into Inventory::filesystems
  // It begins at the root of that filesystem: if nothing else lies there, the usage that statfs
  // reports is the volume's.
  bool is_whole_filesystem = false;
  std::optional<NfsMountFacts> nfs_mount;
  std::optional<std::uint64_t> limit_bytes;          // as its options say
  std::optional<double> last_released;               // newest end of a container that refers to it
  std::vector<std::pair<Label, Label>> user_labels;  // of the allow list
};

// A directory of the host, outside of volumes, that containers bind-mount and that is measured.
struct BindFacts {
  std::string path;            // with symbolic links resolved
  Label source;                // the same
  std::size_t filesystem = 0;  // index into Inventory::filesystems
  bool is_whole_filesystem = false;
};

// A container that does not run because one of its mounts failed.
struct MountFailureFacts {
  std::size_t container = 0;  // index into Inventory::containers
  Label destination;          // of the mount; empty if the engine does not say which
  MountFailureReason reason = MountFailureReason::kOther;
};

// The engine would prune the volume, yet the container reaches its data by a bind mount or by way of
// another volume.
struct PruneHazard {
  std::size_t volume = 0;
  std::size_t container = 0;
};

// A volume driver of the engine.
struct VolumeDriverFacts {
  Label name;
  Label kind;   // "builtin", "v1" or "managed"
  Label scope;  // of its volumes; empty while none is known
  std::optional<bool> up;
};

struct EngineFacts {
  Label product;
  Label version;
  Label api_version;
  Label storage_driver;
  // Index into Inventory::filesystems: of its root directory, with images and containers.
  std::optional<std::size_t> filesystem;
};

// What exists on the host and how it is related, with label texts ready for exposition. Built
// when Docker or the mount table changes, then immutable.
struct Inventory {
  std::optional<EngineFacts> engine;  // absent before the engine first answered
  bool has_all_volumes = true;        // false: of some drivers only those that containers name
  std::uint64_t event_gaps = 0;       // as docker::Facts has it
  std::vector<VolumeDriverFacts> volume_drivers;
  std::vector<VolumeFacts> volumes;  // by name
  std::vector<ContainerFacts> containers;
  std::vector<MountFacts> mounts;  // by container
  std::vector<BindFacts> binds;    // by path
  std::vector<FilesystemFacts> filesystems;
  std::vector<DeviceFacts> devices;
  std::vector<PruneHazard> prune_hazards;
  std::vector<MountFailureFacts> mount_failures;

  std::size_t count(VolumeUse use) const;
};

}  // namespace volumeter
