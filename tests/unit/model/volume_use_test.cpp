// SPDX-License-Identifier: Apache-2.0
// Which volumes are used, by whom, and how a container reaches them.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/inventory_bench.h"

namespace volumeter::volume_use_test {
namespace {

using namespace test;
using Host = InventoryBench;

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

}  // namespace
}  // namespace volumeter::volume_use_test
