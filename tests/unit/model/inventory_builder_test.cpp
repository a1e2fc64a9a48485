// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/inventory_builder.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace volumeter::inventory_builder_test {
namespace {

using docker::ContainerMount;
using docker::ContainerState;
using docker::MountType;

const std::string kVolumes = "/var/lib/docker/volumes/";

constexpr const char* kMountInfo =
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "2 1 0:4 / /proc rw - proc proc rw\n"
    "3 1 8:2 / /srv ro - xfs /dev/sda2 rw\n";

docker::Volume local(const std::string& name) {
  return {.name = name,
          .driver = "local",
          .scope = "local",
          .mountpoint = kVolumes + name + "/_data",
          .created_at = {},
          .labels = {},
          .options = {}};
}

ContainerMount by_name(std::string volume, std::string destination = "/data") {
  return {MountType::kVolume, std::move(volume), "", std::move(destination), true};
}

ContainerMount bound(std::string source, std::string destination = "/bound") {
  return {MountType::kBind, "", std::move(source), std::move(destination), true};
}

docker::Container container(const std::string& name, ContainerState state,
                            std::vector<ContainerMount> mounts) {
  return {
      .id = "id-" + name, .name = name, .state = state, .labels = {}, .mounts = std::move(mounts)};
}

docker::Container running(const std::string& name, std::vector<ContainerMount> mounts) {
  return container(name, ContainerState::kRunning, std::move(mounts));
}

docker::Container stopped(const std::string& name, std::vector<ContainerMount> mounts) {
  return container(name, ContainerState::kStopped, std::move(mounts));
}

docker::Container created(const std::string& name, std::vector<ContainerMount> mounts) {
  return container(name, ContainerState::kCreated, std::move(mounts));
}

// What an inventory is made from, of one small host that a test changes.
struct Host {
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

const VolumeFacts& volume(const Inventory& inventory, std::string_view name) {
  const auto found = std::find_if(inventory.volumes.begin(), inventory.volumes.end(),
                                  [&](const auto& facts) { return facts.name == name; });
  REQUIRE(found != inventory.volumes.end());
  return *found;
}

// What the one volume "db" is on a host with these containers.
Inventory with_db(std::vector<docker::Container> containers) {
  Host host;
  host.docker.volumes = {local("db")};
  host.docker.containers = std::move(containers);
  return host.inventory();
}

VolumeUse use_of_db(std::vector<docker::Container> containers) {
  return with_db(std::move(containers)).volumes.front().use;
}

VolumeUse use_of_db_bound_from(const std::string& source) {
  return use_of_db({running("a", {bound(source)})});
}

std::vector<std::string> texts(const Inventory& inventory, MountKind kind) {
  std::vector<std::string> out;
  for (const MountFacts& mount : inventory.mounts) {
    if (mount.kind == kind) out.push_back(mount.destination.plain());
  }
  return out;
}

// --- use --------------------------------------------------------------------------------

TEST_CASE("a volume is in use, idle or orphaned by its containers' states") {
  const Host host = [] {
    Host made;
    made.docker.volumes = {local("busy"), local("idle"), local("lost"), local("new")};
    made.docker.containers = {running("a", {by_name("busy")}), stopped("b", {by_name("busy")}),
                              stopped("c", {by_name("idle")}), created("d", {by_name("new")})};
    return made;
  }();
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "busy").use == VolumeUse::kInUse);
  CHECK(volume(inventory, "idle").use == VolumeUse::kIdle);
  CHECK(volume(inventory, "lost").use == VolumeUse::kOrphaned);
  CHECK(volume(inventory, "new").use == VolumeUse::kIdle);
  CHECK(inventory.count(VolumeUse::kIdle) == 2);
  CHECK(inventory.count(VolumeUse::kInUse) == 1);
}

TEST_CASE("a volume's use does not depend on the order of containers") {
  CHECK(use_of_db({running("a", {by_name("db")}), stopped("b", {by_name("db")})}) ==
        VolumeUse::kInUse);
  CHECK(use_of_db({stopped("b", {by_name("db")}), running("a", {by_name("db")})}) ==
        VolumeUse::kInUse);
}

TEST_CASE("a volume counts its containers by state") {
  const ContainerCounts counts =
      with_db({running("a", {by_name("db")}), running("b", {by_name("db")}),
               stopped("c", {by_name("db")}), created("d", {by_name("db")}), running("e", {})})
          .volumes.front()
          .containers;
  CHECK(counts.running == 2);
  CHECK(counts.stopped == 1);
  CHECK(counts.created == 1);
}

TEST_CASE("a container that reaches a volume twice counts once") {
  const Inventory inventory = with_db({running(
      "a", {by_name("db", "/x"), by_name("db", "/y"), bound(kVolumes + "db/_data", "/z")})});
  CHECK(inventory.volumes.front().containers.running == 1);
  CHECK(texts(inventory, MountKind::kVolume) == std::vector<std::string>{"/x", "/y"});
}

TEST_CASE("a container may name a volume that the engine does not list") {
  const Inventory inventory = with_db({running("a", {by_name("removed")})});
  CHECK(inventory.volumes.front().use == VolumeUse::kOrphaned);
  REQUIRE(inventory.mounts.size() == 2);
  CHECK(inventory.mounts[1].volume_label == Label("removed"));
  CHECK_FALSE(inventory.mounts[1].volume);
}

TEST_CASE("a volume's use is unknown while the mounts of a container are, unless it is in use") {
  Host host;
  host.docker.volumes = {local("busy"), local("idle"), local("lost")};
  docker::Container silent = running("silent", {});
  silent.knows_mounts = false;
  host.docker.containers = {running("a", {by_name("busy")}), stopped("b", {by_name("idle")}),
                            silent};
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "busy").use == VolumeUse::kInUse);
  for (const auto* name : {"idle", "lost"}) {
    CHECK(volume(inventory, name).use == VolumeUse::kUnknown);
    CHECK(volume(inventory, name).unknown_use == UnknownUse::kContainerMounts);
  }
}

TEST_CASE("a volume of scope global that no container here uses may be used elsewhere") {
  Host host;
  host.docker.volumes = {local("here"), local("shared"), local("taken")};
  host.docker.volumes[1].scope = host.docker.volumes[2].scope = "global";
  host.docker.containers = {stopped("a", {by_name("taken")})};
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "here").use == VolumeUse::kOrphaned);
  CHECK(volume(inventory, "shared").use == VolumeUse::kUnknown);
  CHECK(volume(inventory, "shared").unknown_use == UnknownUse::kGlobalScope);
  CHECK(volume(inventory, "taken").use == VolumeUse::kIdle);
}

TEST_CASE("who uses a volume that lies in another one uses that as well") {
  Host host;
  host.docker.volumes = {local("base"), local("part")};
  host.docker.volumes[1].options = {
      {"type", "none"}, {"o", "bind"}, {"device", kVolumes + "base/_data/app"}};
  host.docker.containers = {running("a", {by_name("part")})};
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "base").use == VolumeUse::kInUse);
  REQUIRE(inventory.prune_hazards.size() == 1);
  CHECK(inventory.volumes[inventory.prune_hazards[0].volume].name == "base");
}

TEST_CASE("a plugin's volume has no data here until it is mounted") {
  Host host;
  const auto plugged = [](const std::string& name, const std::string& mountpoint) {
    docker::Volume volume = local(name);
    volume.driver = "plugin";
    volume.mountpoint = mountpoint;
    return volume;
  };
  const std::string root = "/var/lib/docker/plugins/" + std::string(64, 'a') + "/rootfs";
  host.docker.volumes = {plugged("idle", "/mnt/idle"), plugged("kept", "/mnt/kept"),
                         plugged("inside", root + "/mnt/inside"), plugged("disk", "/mnt/disk"),
                         plugged("free", root)};
  host.docker.containers = {running("a", {by_name("kept", "/k"), by_name("inside", "/i")})};
  host.mountinfo += "9 1 8:9 / /mnt/disk rw - xfs /dev/sdz rw\n";
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "idle").may_be_unmounted);  // the size of its directory will tell
  CHECK_FALSE(volume(inventory, "kept").may_be_unmounted);
  CHECK(volume(inventory, "kept").filesystem);  // a plain directory: what runs has its data there
  CHECK_FALSE(volume(inventory, "inside").unmounted);
  CHECK_FALSE(volume(inventory, "inside").filesystem);  // mounted in the plugin's own namespace
  // The plugin answers an empty path, and the engine joins that to the plugin's root.
  CHECK(volume(inventory, "free").unmounted);
  CHECK_FALSE(volume(inventory, "free").filesystem);
  CHECK(volume(inventory, "disk").filesystem);
}

TEST_CASE("a mount that the engine has in a namespace of its own is not denied") {
  Host host;
  host.docker.volumes = {local("nfs")};
  host.docker.volumes[0].options = {{"type", "nfs"}, {"device", ":/e"}};
  host.docker.containers = {running("a", {by_name("nfs")})};
  const Inventory inventory = host.inventory();
  CHECK_FALSE(volume(inventory, "nfs").unmounted);
  CHECK_FALSE(volume(inventory, "nfs").filesystem);
}

// --- bind mounts ------------------------------------------------------------------------

TEST_CASE("a bind mount of a volume's directory, of what is in it and of its parent counts") {
  for (const std::string source : {"db/_data", "db/_data/pg/base", "db"}) {
    CAPTURE(source);
    CHECK(use_of_db_bound_from(kVolumes + source) == VolumeUse::kInUse);
  }
}

TEST_CASE("a bind mount of a parent of the volumes directory refers to no volume") {
  for (const auto* source : {"/", "/var", "/var/lib/docker", "/var/lib/docker/volumes"}) {
    CAPTURE(source);
    CHECK(use_of_db_bound_from(source) == VolumeUse::kOrphaned);
  }
}

TEST_CASE("a bind mount of a sibling directory does not refer to the volume") {
  for (const std::string source : {"db2/_data", "d", "db/_data2", "db/other"}) {
    CAPTURE(source);
    CHECK(use_of_db_bound_from(kVolumes + source) == VolumeUse::kOrphaned);
  }
  CHECK(use_of_db_bound_from("relative") == VolumeUse::kOrphaned);
  CHECK(use_of_db_bound_from("") == VolumeUse::kOrphaned);
}

TEST_CASE("a bind mount through a symbolic link reaches the volume") {
  Host host;
  host.docker.volumes = {local("db")};
  host.docker.containers = {running("a", {bound("/home/me/database")})};
  host.links = {{"/home/me/database", kVolumes + "db/_data"}};
  CHECK(host.inventory().volumes.front().use == VolumeUse::kInUse);
}

TEST_CASE("a volumes directory that is a symbolic link is resolved") {
  Host host;
  host.docker.volumes = {local("db")};
  host.docker.containers = {running("a", {bound("/srv/volumes/db/_data")})};
  host.links = {{"/var/lib/docker/volumes", "/srv/volumes"}};
  const Inventory inventory = host.inventory();
  CHECK(inventory.volumes.front().use == VolumeUse::kInUse);
  REQUIRE(inventory.volumes.front().filesystem);
  CHECK(inventory.filesystems[*inventory.volumes.front().filesystem].mount_point == "/srv");
}

TEST_CASE("a volume that was moved to another disk is where the link in its place leads") {
  for (const char* link : {"/var/lib/docker/volumes/db", "/var/lib/docker/volumes/db/_data"}) {
    CAPTURE(link);
    Host host;
    host.docker.volumes = {local("db"), local("other")};
    host.docker.containers = {running("a", {bound("/srv/moved")}), running("b", {bound("/srv")})};
    host.links = {{link, "/srv/moved"}};
    const Inventory inventory = host.inventory();
    const VolumeFacts& db = volume(inventory, "db");
    CHECK(db.path.starts_with("/srv/moved"));
    CHECK(db.mountpoint == Label("/var/lib/docker/volumes/db/_data"));
    REQUIRE(db.filesystem);
    CHECK(inventory.filesystems[*db.filesystem].mount_point == "/srv");
    CHECK(db.containers.running == 2);
    CHECK(volume(inventory, "other").use == VolumeUse::kOrphaned);
  }
}

TEST_CASE("a volume moved into another one is used by who uses that") {
  Host host;
  host.docker.volumes = {local("inner"), local("outer")};
  host.docker.containers = {running("a", {by_name("inner")})};
  host.links = {{"/var/lib/docker/volumes/inner", "/var/lib/docker/volumes/outer/_data/inner"}};
  CHECK(volume(host.inventory(), "outer").use == VolumeUse::kInUse);
}

TEST_CASE("a path that this host does not have is on none of its filesystems") {
  Host host;
  host.docker.engine = {"docker", "20.10.24", "1.41", "overlay2", "/var/lib/docker"};
  host.docker.volumes = {local("db"), local("bound")};
  host.docker.volumes[1].options = {{"type", "none"}, {"o", "bind"}, {"device", "/srv/there"}};
  host.docker.containers = {running("a", {by_name("db"), bound("/srv/elsewhere")})};
  host.measured_binds = ".*";
  host.missing = {kVolumes + "db/_data", "/srv/there", "/srv/elsewhere", "/var/lib/docker",
                  "/var/lib/docker/overlay2"};
  const Inventory inventory = host.inventory();
  CHECK(inventory.filesystems.empty());
  CHECK(inventory.binds.empty());
  for (const VolumeFacts& facts : inventory.volumes) {
    CHECK_FALSE(facts.filesystem);
    CHECK_FALSE(facts.unmounted);
  }
  CHECK(volume(inventory, "db").use == VolumeUse::kInUse);
}

TEST_CASE("the missing directory of a plugin's volume is one that is not mounted") {
  Host host;
  host.docker.volumes = {local("lvm")};
  host.docker.volumes[0].driver = "lvm";
  host.docker.volumes[0].mountpoint = "/mnt/lvm";
  host.missing = {"/mnt/lvm"};
  CHECK(host.inventory().volumes.front().unmounted);
  host.docker.containers = {running("a", {by_name("lvm")})};
  CHECK_FALSE(host.inventory().volumes.front().unmounted);
}

// --- prune hazards ----------------------------------------------------------------------

TEST_CASE("a volume that is only reached by a bind mount is a prune hazard") {
  const Inventory inventory =
      with_db({stopped("other", {}), running("a", {bound(kVolumes + "db/_data")})});
  REQUIRE(inventory.prune_hazards.size() == 1);
  CHECK(inventory.volumes[inventory.prune_hazards[0].volume].name == "db");
  CHECK(inventory.containers[inventory.prune_hazards[0].container].name == Label("a"));
}

TEST_CASE("a stopped container's bind mount is a prune hazard") {
  const Inventory inventory = with_db({stopped("a", {bound(kVolumes + "db")})});
  CHECK(inventory.prune_hazards.size() == 1);
  CHECK(inventory.volumes.front().use == VolumeUse::kIdle);
}

TEST_CASE("a container with several bind mounts of a volume is one prune hazard") {
  const Inventory inventory =
      with_db({running("a", {bound(kVolumes + "db/_data", "/x"), bound(kVolumes + "db", "/y")}),
               running("b", {bound(kVolumes + "db/_data/sub")})});
  CHECK(inventory.prune_hazards.size() == 2);
}

TEST_CASE("a volume that a container mounts by name is no prune hazard") {
  CHECK(with_db({running("a", {bound(kVolumes + "db/_data")}), created("b", {by_name("db")})})
            .prune_hazards.empty());
}

// --- identity ---------------------------------------------------------------------------

TEST_CASE("names that differ only in case are different volumes") {
  Host host;
  host.docker.volumes = {local("DATA"), local("Data"), local("data")};
  host.docker.containers = {running("a", {by_name("Data", "/1"), by_name("data", "/2")})};
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "Data").use == VolumeUse::kInUse);
  CHECK(volume(inventory, "data").use == VolumeUse::kInUse);
  CHECK(volume(inventory, "DATA").use == VolumeUse::kOrphaned);
}

TEST_CASE("an anonymous volume is known by its label or by a name of 64 hex digits") {
  Host host;
  const std::string hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  host.docker.volumes = {local(hex), local(hex.substr(1)), local(hex.substr(1) + "g"),
                         local("labelled"), local("named")};
  host.docker.volumes[3].labels = {{"com.docker.volume.anonymous", ""}};
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, hex).anonymous);
  CHECK_FALSE(volume(inventory, hex.substr(1)).anonymous);
  CHECK_FALSE(volume(inventory, hex.substr(1) + "g").anonymous);
  CHECK(volume(inventory, "labelled").anonymous);
  CHECK_FALSE(volume(inventory, "named").anonymous);
}

TEST_CASE("only Compose names and labels of the allow list are kept") {
  Host host;
  host.docker.volumes = {local("db")};
  host.docker.volumes[0].labels = {{"com.docker.compose.project", "openclaw"},
                                   {"com.docker.compose.volume", "database"},
                                   {"team", "storage"},
                                   {"secret", "x"}};
  host.docker.containers = {running("a", {})};
  host.docker.containers[0].labels = {{"com.docker.compose.project", "openclaw"},
                                      {"com.docker.compose.service", "postgres"}};
  host.user_labels = {"team", "absent"};
  const Inventory inventory = host.inventory();
  const VolumeFacts& db = inventory.volumes.front();
  CHECK(db.compose_project == Label("openclaw"));
  CHECK(db.compose_volume == Label("database"));
  CHECK(db.user_labels == std::vector{std::pair(Label("team"), Label("storage"))});
  CHECK(inventory.containers.front().compose_project == Label("openclaw"));
  CHECK(inventory.containers.front().compose_service == Label("postgres"));
}

TEST_CASE("a volume without mountpoint or creation time has neither") {
  Host host;
  host.docker.volumes = {local("db"), local("plugin")};
  host.docker.volumes[0].created_at = from_unix_seconds(1700000000);
  host.docker.volumes[1].mountpoint = "";
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "db").created == 1700000000.0);
  CHECK_FALSE(volume(inventory, "plugin").created);
  CHECK_FALSE(volume(inventory, "plugin").filesystem);
  CHECK(volume(inventory, "plugin").path.empty());
}

TEST_CASE("a volume's release time is the newest end of its containers") {
  Host host;
  host.docker.volumes = {local("db"), local("new")};
  host.docker.containers = {stopped("a", {by_name("db")}), stopped("b", {by_name("db")}),
                            created("c", {by_name("new")})};
  host.docker.details["id-a"].finished_at = from_unix_seconds(2000);
  host.docker.details["id-b"].finished_at = from_unix_seconds(1000);
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "db").last_released == 2000.0);
  CHECK_FALSE(volume(inventory, "new").last_released);
}

// --- volumes with a mount of their own --------------------------------------------------

TEST_CASE("a local volume with a device has no filesystem until it is mounted") {
  Host host;
  host.docker.volumes = {local("nfs"), local("sized")};
  host.docker.volumes[0].options = {{"type", "nfs"}, {"device", ":/export"}};
  host.docker.volumes[1].options = {{"size", "10G"}};  // a quota, not a mount
  const Inventory before = host.inventory();
  CHECK(volume(before, "nfs").unmounted);
  CHECK_FALSE(volume(before, "nfs").filesystem);
  CHECK_FALSE(volume(before, "sized").unmounted);
  CHECK(volume(before, "sized").filesystem);

  host.mountinfo += "9 1 0:50 / " + kVolumes + "nfs/_data rw - nfs4 server:/export rw\n";
  const Inventory after = host.inventory();
  CHECK_FALSE(volume(after, "nfs").unmounted);
  REQUIRE(volume(after, "nfs").filesystem);
  CHECK(after.filesystems[*volume(after, "nfs").filesystem].device == Label("server:/export"));
}

TEST_CASE("a mount of its own is found behind a symbolic link to the folder of volumes") {
  Host host;
  host.docker.volumes = {local("nfs")};
  host.docker.volumes[0].options = {{"type", "nfs"}};
  host.links = {{"/var/lib/docker/volumes", "/srv/volumes"}};
  host.mountinfo += "9 3 0:50 / /srv/volumes/nfs/_data rw - nfs4 server:/export rw\n";
  CHECK_FALSE(host.inventory().volumes.front().unmounted);
}

TEST_CASE("a bind volume's data lies in its device directory, mounted or not") {
  Host host;
  host.docker.volumes = {local("bound")};
  host.docker.volumes[0].options = {{"type", "none"}, {"o", "bind"}, {"device", "/home/me/data"}};
  host.links = {{"/home/me/data", "/home/data"}};
  const auto check = [&] {
    const Inventory inventory = host.inventory();
    const VolumeFacts& bound = inventory.volumes.front();
    CHECK_FALSE(bound.unmounted);
    CHECK(bound.path == "/home/data");
    CHECK(bound.mountpoint == Label(kVolumes + "bound/_data"));
    REQUIRE(bound.filesystem);
    CHECK(inventory.filesystems[*bound.filesystem].mount_point == "/");
    CHECK_FALSE(bound.is_whole_filesystem);
  };
  check();
  host.mountinfo += "9 1 8:1 /home/data " + kVolumes + "bound/_data rw - ext4 /dev/sda1 rw\n";
  check();
}

TEST_CASE("a bind volume is in use by the containers that mount it, wherever its data lies") {
  Host host;
  host.docker.volumes = {local("bound")};
  host.docker.volumes[0].options = {{"o", "bind"}, {"device", "/srv/data"}};
  host.docker.containers = {running("a", {by_name("bound")})};
  CHECK(host.inventory().volumes.front().use == VolumeUse::kInUse);
  host.docker.containers = {running("a", {bound(kVolumes + "bound/_data")})};
  CHECK(host.inventory().volumes.front().use == VolumeUse::kInUse);
}

TEST_CASE("a volume is a whole filesystem if that filesystem's root is mounted on it") {
  Host host;
  host.docker.volumes = {local("own"), local("part"), local("plain"), local("sub")};
  for (auto& volume : host.docker.volumes) volume.options = {{"type", "x"}};
  host.docker.volumes[2].options = {};
  host.mountinfo += "7 1 0:50 / " + kVolumes + "own/_data rw - tmpfs tmpfs rw\n" + "8 1 8:2 /dir " +
                    kVolumes + "part/_data rw - xfs /dev/sda2 rw\n" + "9 1 0:51 / " + kVolumes +
                    "sub rw - tmpfs tmpfs rw\n";
  const Inventory inventory = host.inventory();
  CHECK(volume(inventory, "own").is_whole_filesystem);
  CHECK_FALSE(volume(inventory, "part").is_whole_filesystem);
  CHECK_FALSE(volume(inventory, "plain").is_whole_filesystem);
  CHECK_FALSE(volume(inventory, "sub").is_whole_filesystem);
}

TEST_CASE("a filesystem that reports another one's usage is not a whole filesystem") {
  for (const std::string fstype : {"overlay", "fuse.sshfs", "virtiofs", "9p", "fuse", "ecryptfs",
                                   "fakeowner", "shiftfs", "vboxsf", "one of tomorrow"}) {
    CAPTURE(fstype);
    Host host;
    host.docker.volumes = {local("own")};
    host.mountinfo += "7 1 0:50 / " + kVolumes + "own/_data rw - " + fstype + " x rw\n";
    CHECK_FALSE(host.inventory().volumes.front().is_whole_filesystem);
  }
}

TEST_CASE("a filesystem that counts for itself needs no block device to be a whole one") {
  for (const std::string fstype : {"tmpfs", "btrfs", "zfs", "nfs4", "cifs", "ceph"}) {
    CAPTURE(fstype);
    Host host;
    host.docker.volumes = {local("own")};
    host.mountinfo += "7 1 0:50 / " + kVolumes + "own/_data rw - " + fstype + " tank/own rw\n";
    CHECK(host.inventory().volumes.front().is_whole_filesystem);
  }
}

TEST_CASE("a filesystem mounted below a volume is listed, and the volume stays on its own one") {
  Host host;
  const std::string blocks = kVolumes + "btc/_data/blocks";
  host.docker.volumes = {local("btc")};
  host.mountinfo += "8 1 8:9 / " + blocks + " rw - ext4 /dev/sdb rw\n" +
                    "9 1 8:10 / /elsewhere rw - ext4 /dev/sdc rw\n";
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 2);
  CHECK(inventory.filesystems[1].mount_point == blocks);
  REQUIRE(volume(inventory, "btc").filesystem);
  CHECK(inventory.filesystems[*volume(inventory, "btc").filesystem].mount_point == "/");
}

TEST_CASE("a volume's limit is read from its options") {
  Host host;
  host.docker.volumes = {local("plain"), local("sized")};
  host.docker.volumes[1].options = {{"size", "10k"}};
  const Inventory inventory = host.inventory();
  CHECK_FALSE(volume(inventory, "plain").limit_bytes);
  CHECK(volume(inventory, "sized").limit_bytes == 10240U);
}

// --- bind mounts to be measured ---------------------------------------------------------

std::vector<std::string> measured(const Inventory& inventory) {
  std::vector<std::string> out;
  for (const BindFacts& bind : inventory.binds) out.push_back(bind.path);
  return out;
}

TEST_CASE("only selected bind mount sources are measured, each once") {
  Host host;
  host.docker.containers = {
      running("a", {bound("/srv/b"), bound("/srv/a", "/x"), bound("/etc/hosts", "/y")}),
      stopped("b", {bound("/srv/b", "/other"), bound("/srv/deep/er")})};
  CHECK(host.inventory().binds.empty());
  host.measured_binds = "/srv/[^/]+";
  const Inventory inventory = host.inventory();
  CHECK(measured(inventory) == std::vector<std::string>{"/srv/a", "/srv/b"});
  CHECK(inventory.binds[0].source == Label("/srv/a"));
  CHECK(inventory.filesystems[inventory.binds[0].filesystem].mount_point == "/srv");
  CHECK_FALSE(inventory.binds[0].is_whole_filesystem);
}

TEST_CASE("a bind mount source is resolved to its real path") {
  Host host;
  host.docker.containers = {running("a", {bound("/home/me/one"), bound("/home/me/two", "/two")})};
  host.links = {{"/home/me/one", "/srv/data"}, {"/home/me/two", "/srv/data"}};
  host.measured_binds = "/srv/.*";
  CHECK(measured(host.inventory()) == std::vector<std::string>{"/srv/data"});
  host.measured_binds = "/home/.*";
  CHECK(host.inventory().binds.empty());
}

TEST_CASE("a bind mount source inside a volume is not measured separately") {
  Host host;
  host.docker.volumes = {local("db"), local("bound")};
  host.docker.volumes[1].options = {{"o", "bind"}, {"device", "/srv/data"}};
  host.docker.containers = {
      running("a", {bound(kVolumes + "db/_data", "/1"), bound(kVolumes + "db/_data/sub", "/2"),
                    bound(kVolumes + "bound/_data", "/3"), bound("/srv/data", "/4"),
                    bound("/srv/data/x", "/5"), bound("/srv/data2", "/6")})};
  host.measured_binds = ".*";
  CHECK(measured(host.inventory()) == std::vector<std::string>{"/srv/data2"});
}

TEST_CASE("a selected bind mount source on a kernel filesystem has no size") {
  Host host;
  host.docker.containers = {running("a", {bound("/proc"), bound("/srv", "/srv")})};
  host.measured_binds = ".*";
  const Inventory inventory = host.inventory();
  CHECK(measured(inventory) == std::vector<std::string>{"/srv"});
  CHECK(inventory.binds[0].is_whole_filesystem);
}

TEST_CASE("bind mount sources whose labels are equal after UTF-8 repair are one series") {
  Host host;
  host.docker.containers = {running("a", {bound("/x\xFF"), bound("/x\xFE", "/other")})};
  host.measured_binds = ".*";
  CHECK(host.inventory().binds.size() == 1);
}

// --- filesystems and devices ------------------------------------------------------------

TEST_CASE("a filesystem is listed once however many of its mounts hold Docker data") {
  Host host;
  host.docker.engine.root_directory = "/var/lib/docker";
  host.docker.volumes = {local("a"), local("b")};
  host.docker.containers = {running("c", {bound("/bind/x"), bound("/other", "/other")})};
  host.mountinfo += "9 1 8:1 /deep /bind rw - ext4 /dev/sda1 rw\n";
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 1);
  CHECK(inventory.filesystems[0].mount_point == "/");
  CHECK(inventory.filesystems[0].device == Label("/dev/sda1"));
  CHECK(inventory.filesystems[0].fstype == Label("ext4"));
  CHECK(inventory.filesystems[0].major == Label("8"));
  CHECK(inventory.filesystems[0].minor == Label("1"));
}

TEST_CASE("a filesystem is represented by its whole, writable mount with the shortest path") {
  Host host;
  host.docker.volumes = {local("a")};
  host.docker.volumes[0].mountpoint = "/d/long/one/volume";
  host.mountinfo =
      "1 0 8:9 / / rw - ext4 /dev/sdb rw\n"
      "2 1 8:1 /part /d rw - ext4 /dev/sda1 rw\n"
      "3 1 8:1 / /e ro - ext4 /dev/sda1 rw\n"
      "4 2 8:1 / /d/long rw - ext4 /dev/sda1 rw\n"
      "5 1 8:1 / /whole rw - ext4 /dev/sda1 rw\n";
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 1);
  CHECK(inventory.filesystems[0].mount_point == "/whole");
  CHECK_FALSE(inventory.filesystems[0].readonly);
}

TEST_CASE("a filesystem is read-only if its mount or its superblock is") {
  Host host;
  host.docker.volumes = {local("a")};
  CHECK_FALSE(host.inventory().filesystems.at(0).readonly);
  host.mountinfo = "1 0 8:1 / / rw - ext4 /dev/sda1 ro,errors=remount-ro\n";
  CHECK(host.inventory().filesystems.at(0).readonly);
  host.mountinfo = "1 0 8:1 / / ro - ext4 /dev/sda1 rw\n";
  CHECK(host.inventory().filesystems.at(0).readonly);
}

TEST_CASE("bind mounts of kernel filesystems such as /proc are not listed as filesystems") {
  Host host;
  // In a container of LXC some files of /proc are those of lxcfs.
  host.mountinfo += "4 2 0:50 /proc/stat /proc/stat rw - fuse.lxcfs lxcfs rw\n";
  host.docker.containers = {running(
      "exporter", {bound("/proc"), bound("/proc/stat", "/stat"), bound("/srv/config", "/config")})};
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 1);
  CHECK(inventory.filesystems[0].mount_point == "/srv");
}

TEST_CASE("a bind mount through a symbolic link lists the filesystem it leads to") {
  Host host;
  host.docker.containers = {running("a", {bound("/home/me/config")})};
  host.links = {{"/home/me/config", "/srv/config"}};
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 1);
  CHECK(inventory.filesystems[0].mount_point == "/srv");
}

TEST_CASE("without a mount table no volume has a filesystem") {
  Host host;
  host.docker.volumes = {local("a")};
  host.mountinfo = "";
  const Inventory inventory = host.inventory();
  CHECK(inventory.filesystems.empty());
  CHECK_FALSE(inventory.volumes.front().filesystem);
}

TEST_CASE("a device is listed once, with its parents") {
  BlockDevice disk;
  disk.name = "sda";
  disk.model = "QEMU HARDDISK";
  disk.rotational = true;
  BlockDevice first = disk;
  first.name = "sda1";
  first.parents = {"sda"};
  BlockDevice second;
  second.name = "sda2";
  second.parents = {"sda"};

  Host host;
  host.docker.volumes = {local("a")};
  host.docker.containers = {running("c", {bound("/srv/x")})};
  host.devices = {{{8, 1}, {first, disk}}, {{8, 2}, {second, disk}}, {{8, 3}, {disk}}};
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.devices.size() == 3);
  CHECK(inventory.devices[0].name == Label("sda1"));
  CHECK(inventory.devices[0].parents == std::vector{Label("sda")});
  CHECK(inventory.devices[1].name == Label("sda"));
  CHECK(inventory.devices[1].model == Label("QEMU HARDDISK"));
  CHECK(inventory.devices[1].block.rotational == true);
  CHECK_FALSE(inventory.devices[2].block.rotational);
}

BlockDevice device(const std::string& name, DeviceNumber number) {
  BlockDevice made;
  made.name = name;
  made.number = number;
  return made;
}

TEST_CASE("a filesystem lists all devices below it, shared ones included") {
  const auto disk = device("sda", {8, 0});
  const auto first = device("sda1", {8, 1});
  const auto second = device("sda2", {8, 2});
  Host host;
  host.docker.volumes = {local("a")};
  host.docker.containers = {running("c", {bound("/srv/x")})};
  host.devices = {{{8, 1}, {first, disk, disk}}, {{8, 2}, {second, disk}}, {{8, 3}, {disk}}};
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.filesystems.size() == 2);
  for (const FilesystemFacts& filesystem : inventory.filesystems) {
    CAPTURE(filesystem.mount_point);
    REQUIRE(filesystem.devices.size() == 2);
    CHECK(inventory.devices[filesystem.devices[0]].minor == filesystem.minor);
    CHECK(inventory.devices[filesystem.devices[1]].name == Label("sda"));
  }
  CHECK(inventory.devices[0].block.number == DeviceNumber{8, 1});
  CHECK(inventory.devices[0].block.name == "sda1");
}

TEST_CASE("other devices are listed once, after those below Docker data, even without an engine") {
  Host host;
  host.docker.volumes = {local("a")};
  host.devices = {{{8, 1}, {device("sda1", {8, 1})}}, {{8, 2}, {device("sda1", {8, 1})}}};
  host.more_devices = {device("nvme0n1", {259, 0}), device("sda1", {8, 1}), device("x\xFE", {1, 1}),
                       device("x\xFF", {1, 2})};
  const auto names = [](const Inventory& inventory) {
    std::vector<std::string> found;
    for (const DeviceFacts& facts : inventory.devices) found.push_back(facts.block.name);
    return found;
  };
  CHECK(names(host.inventory()) == std::vector<std::string>{"sda1", "nvme0n1", "x\xFE"});
  CHECK(names(host.inventory(nullptr)) == std::vector<std::string>{"nvme0n1", "sda1", "x\xFE"});
}

// --- mounts -----------------------------------------------------------------------------

TEST_CASE("a container shows its root filesystem and each of its mounts") {
  const Inventory inventory =
      with_db({running("a", {by_name("db"),
                             bound("/srv/config", "/config"),
                             {MountType::kTmpfs, "", "", "/cache", true}})});
  CHECK(texts(inventory, MountKind::kRootfs) == std::vector<std::string>{"/"});
  CHECK(texts(inventory, MountKind::kVolume) == std::vector<std::string>{"/data"});
  CHECK(texts(inventory, MountKind::kBind) == std::vector<std::string>{"/config"});
  CHECK(texts(inventory, MountKind::kTmpfs) == std::vector<std::string>{"/cache"});
  CHECK(inventory.mounts[1].volume == std::size_t{0});
  CHECK(inventory.mounts[1].source == Label(kVolumes + "db/_data"));
  CHECK(inventory.mounts[2].source == Label("/srv/config"));
}

TEST_CASE("inspecting a container adds its --tmpfs mounts and whether its root is read-only") {
  Host host;
  host.docker.containers = {running("a", {{MountType::kTmpfs, "", "", "/cache", true}}),
                            running("b", {})};
  host.docker.details["id-a"].tmpfs = {"/cache", "/run"};
  host.docker.details["id-a"].readonly_rootfs = true;
  const Inventory inventory = host.inventory();
  CHECK(texts(inventory, MountKind::kTmpfs) == std::vector<std::string>{"/cache", "/run"});
  CHECK(inventory.mounts.front().writable == false);
  CHECK(inventory.mounts.back().kind == MountKind::kRootfs);
  CHECK_FALSE(inventory.mounts.back().writable.has_value());
}

TEST_CASE("a container has a process ID while it runs") {
  Host host;
  host.docker.containers = {running("a", {}), stopped("b", {}), running("c", {})};
  host.docker.details["id-a"].pid = 4711;
  host.docker.details["id-b"].pid = 4712;  // inspected before it stopped
  const Inventory inventory = host.inventory();
  CHECK(inventory.containers[0].pid == 4711U);
  CHECK_FALSE(inventory.containers[1].pid);
  CHECK_FALSE(inventory.containers[2].pid);
}

TEST_CASE("of two mounts at one destination the first is shown, and both count as use") {
  Host host;
  host.docker.volumes = {local("a"), local("b")};
  host.docker.containers = {running("c", {by_name("a", "/same"), by_name("b", "/same")}),
                            running("d", {by_name("a", "/same")})};
  const Inventory inventory = host.inventory();
  CHECK(texts(inventory, MountKind::kVolume) == std::vector<std::string>{"/same", "/same"});
  CHECK(volume(inventory, "a").containers.running == 2);
  CHECK(volume(inventory, "b").use == VolumeUse::kInUse);
}

TEST_CASE("destinations whose labels are equal after UTF-8 repair are one series") {
  const Inventory inventory = with_db({running("a", {bound("/x", "/\xFF"), bound("/y", "/\xFE")})});
  CHECK(texts(inventory, MountKind::kBind).size() == 1);
}

TEST_CASE("filesystems whose labels are equal after UTF-8 repair are one series") {
  Host host;
  host.docker.containers = {running("a", {bound("/m\xFF/x"), bound("/m\xFE/x", "/other")})};
  host.mountinfo +=
      "8 1 0:50 / /m\xFF rw - tmpfs tmpfs rw\n"
      "9 1 0:51 / /m\xFE rw - tmpfs tmpfs rw\n";
  CHECK(host.inventory().filesystems.size() == 1);
}

TEST_CASE("mounts of other types, such as named pipes, are left out") {
  CHECK(with_db({running("a", {{MountType::kOther, "", "x", "/pipe", true}})}).mounts.size() == 1);
}

TEST_CASE("a mounted image is shown with its source and uses no volume") {
  const Inventory inventory =
      with_db({running("a", {{MountType::kImage, "", "busybox", "/model", false}})});
  REQUIRE(inventory.mounts.size() == 2);
  CHECK(inventory.mounts[1].kind == MountKind::kImage);
  CHECK(inventory.mounts[1].source == Label("busybox"));
  CHECK(inventory.mounts[1].writable == false);
  CHECK(inventory.count(VolumeUse::kOrphaned) == 1);
}

// --- engine -----------------------------------------------------------------------------

TEST_CASE("a mount has the propagation of its request and the flags of its volume's options") {
  Host host;
  host.docker.volumes = {local("strict"), local("plain")};
  host.docker.volumes[0].options = {
      {"type", "none"}, {"o", "bind,noexec,nosuid"}, {"device", "/srv"}};
  ContainerMount slave = bound("/home");
  slave.propagation = docker::Propagation::kSlave;
  host.docker.containers = {running("c", {by_name("strict"), by_name("plain", "/plain"), slave})};
  const auto mounts = host.inventory().mounts;
  REQUIRE(mounts.size() == 4);  // with the root filesystem
  CHECK((mounts[1].asked.noexec && mounts[1].asked.nosuid && !mounts[1].asked.nodev));
  CHECK_FALSE((mounts[2].asked.noexec || mounts[2].asked.nosuid || mounts[2].asked.nodev));
  CHECK(mounts[3].asked.propagation == docker::Propagation::kSlave);
}

TEST_CASE("a bind mount needs its source unless the engine creates it") {
  Host host;
  host.missing = {"/gone"};
  host.docker.containers = {
      stopped("c", {bound("/gone", "/a"), bound("/gone", "/b"), bound("/srv")})};
  host.docker.details["id-c"].strict_binds = {"/b", "/bound"};
  const auto mounts = host.inventory().mounts;
  REQUIRE(mounts.size() == 4);
  CHECK((!mounts[1].needs_source && mounts[1].is_source_missing));
  CHECK((mounts[2].needs_source && mounts[2].is_source_missing));
  CHECK((mounts[3].needs_source && !mounts[3].is_source_missing));
  host.docker.engine.product = "podman";
  CHECK(host.inventory().mounts[1].needs_source);
}

TEST_CASE("before the engine has answered the inventory is empty, not zero") {
  const Inventory inventory = Host().inventory(nullptr);
  CHECK_FALSE(inventory.engine);
  CHECK(inventory.volumes.empty());
  CHECK(inventory.filesystems.empty());
}

TEST_CASE("the engine and the filesystem of its root directory are known without volumes") {
  Host host;
  host.docker.engine = {"docker", "20.10.24", "1.41", "overlay2", "/srv/docker"};
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.engine);
  CHECK(inventory.engine->version == Label("20.10.24"));
  CHECK(inventory.engine->storage_driver == Label("overlay2"));
  REQUIRE(inventory.filesystems.size() == 1);
  CHECK(inventory.filesystems[0].mount_point == "/srv");
}

TEST_CASE("a container's own layer lies where the storage driver's directory is mounted") {
  Host host;
  host.docker.engine = {"docker", "20.10.24", "1.41", "overlay2", "/var/lib/docker"};
  host.docker.containers = {running("a", {})};
  host.mountinfo += "9 1 8:3 / /var/lib/docker/overlay2 rw - ext4 /dev/sda3 rw\n";
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.mounts.size() == 1);
  REQUIRE(inventory.mounts[0].filesystem);
  CHECK(inventory.filesystems[*inventory.mounts[0].filesystem].mount_point ==
        "/var/lib/docker/overlay2");
}

// The mount points of all filesystems of a host whose engine has its root directory on /.
std::vector<std::string> filesystems_with(const std::string& driver, Host host) {
  host.docker.engine = {"docker", "29.0.0", "1.52", driver, "/var/lib/docker"};
  std::vector<std::string> found;
  for (const FilesystemFacts& facts : host.inventory().filesystems) {
    found.push_back(facts.mount_point);
  }
  return found;
}

TEST_CASE("images on another disk than the engine's root directory are found") {
  using Found = std::vector<std::string>;
  Host host;
  SECTION("by a mount on the storage driver's directory") {
    host.mountinfo += "9 1 8:3 / /var/lib/docker/overlay2 rw - ext4 /dev/sda3 rw\n";
    CHECK(filesystems_with("overlay2", host) == Found{"/", "/var/lib/docker/overlay2"});
  }
  SECTION("by a symbolic link in its place") {
    host.links = {{"/var/lib/docker/overlay2", "/srv/overlay2"}};
    CHECK(filesystems_with("overlay2", host) == Found{"/", "/srv"});
  }
  SECTION("by the layer of a running container") {
    host.docker.containers = {running("a", {})};
    host.docker.details["id-a"].pid = 7;
    host.layers[7] = "/srv/ctd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs";
    CHECK(filesystems_with("overlayfs", host) == Found{"/", "/srv"});
  }
  SECTION("in the directory that containerd has by itself") {
    host.mountinfo += "9 1 8:3 / /var/lib/containerd rw - ext4 /dev/sda3 rw\n";
    CHECK(filesystems_with("overlayfs", host) == Found{"/", "/var/lib/containerd"});
  }
  SECTION("nowhere, if containerd's directory is not there") {
    host.links = {{"/var/lib/containerd", "/srv/containerd"}};
    host.missing = {"/var/lib/containerd"};
    CHECK(filesystems_with("overlayfs", host) == Found{"/"});
  }
}

}  // namespace
}  // namespace volumeter::inventory_builder_test
