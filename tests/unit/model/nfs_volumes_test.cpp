// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/nfs_volumes.h"

#include <catch2/catch.hpp>
#include <string>

#include "exporter/model/inventory_builder.h"

namespace volumeter::nfs_volumes_test {
namespace {

const std::string kVolumes = "/var/lib/docker/volumes/";

std::string data_of(const std::string& name) { return kVolumes + name + "/_data"; }

// A host whose volumes are NFS mounts, as a test puts it together.
struct Host {
  docker::Facts docker;
  std::string mountinfo = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
  int mounts = 1;

  Host& volume(const std::string& name, docker::StringMap options = {{"type", "nfs"}}) {
    return volume_at(name, data_of(name), std::move(options));
  }

  Host& volume_at(const std::string& name, const std::string& place,
                  docker::StringMap options = {}) {
    docker.volumes.push_back({.name = name,
                              .driver = "local",
                              .scope = "local",
                              .mountpoint = place,
                              .created_at = {},
                              .labels = {},
                              .options = std::move(options)});
    return *this;
  }

  Host& mount(const std::string& place, int device, const std::string& source = "s:/e",
              const std::string& type = "nfs4") {
    mountinfo += std::to_string(++mounts) + " 1 0:" + std::to_string(device) + " / " + place +
                 " rw - " + type + " " + source + " rw\n";
    return *this;
  }

  Inventory inventory() const {
    const MountList list(parse_mountinfo(mountinfo).items);
    return build_inventory(
        {.docker = &docker,
         .mounts = &list,
         .resolved = [](const std::string& path) { return path; },
         .devices_below = [](const Mount&) { return std::vector<BlockDevice>{}; },
         .more_devices = {},
         .user_labels = {},
         .measured_binds = {}});
  }
};

bool is_shared(const Host& host, std::size_t volume) {
  const Inventory inventory = host.inventory();
  REQUIRE(inventory.volumes[volume].nfs_mount);
  return inventory.volumes[volume].nfs_mount->is_shared;
}

NfsStats counted(const std::string& place, std::uint64_t bytes,
                 const std::string& source = "s:/e") {
  return {.source = source,
          .mount_point = place,
          .bytes = NfsBytes{.normal_read = bytes},
          .operations = {}};
}

// What volume 0 has read, by the numbers of its NFS mount.
std::optional<std::uint64_t> read_by_first(const Host& host, std::vector<NfsStats> mounts) {
  const auto all = nfs_of_volumes(host.inventory(), std::move(mounts));
  if (!all.at(0)) return {};
  return all[0]->bytes->normal_read;
}

}  // namespace

TEST_CASE("a volume that is an NFS mount has the counters of that mount") {
  for (const std::string type : {"nfs", "nfs4"}) {
    const Host host = Host().volume("db").mount(data_of("db"), 40, "s:/e", type);
    CHECK(has_nfs_counters(host.inventory()));
    CHECK(read_by_first(host, {counted("/other", 1), counted(data_of("db"), 7)}) == 7);
  }
}

TEST_CASE("a volume that is not itself an NFS mount has no NFS counters") {
  CHECK_FALSE(has_nfs_counters(Host().volume("unmounted").inventory()));
  CHECK_FALSE(has_nfs_counters(
      Host().volume("disk").mount(data_of("disk"), 40, "/dev/sdb", "ext4").inventory()));
  // All of Docker's data lies on NFS: nobody counts a directory of it.
  const Host host = Host().volume_at("plain", data_of("plain")).mount("/var/lib/docker", 40);
  CHECK_FALSE(has_nfs_counters(host.inventory()));
  CHECK(read_by_first(host, {counted("/var/lib/docker", 7)}) == std::nullopt);
}

TEST_CASE("volumes that share an NFS superblock have no counters") {
  const Host host = Host()
                        .volume("a")
                        .volume("b")
                        .volume("c")
                        .mount(data_of("a"), 40, "s:/e/a")
                        .mount(data_of("b"), 40, "s:/e/b")
                        .mount(data_of("c"), 41, "s:/e/c");
  CHECK(is_shared(host, 0));
  CHECK(is_shared(host, 1));
  CHECK_FALSE(is_shared(host, 2));
  const auto all =
      nfs_of_volumes(host.inventory(), std::vector{counted(data_of("a"), 5, "s:/e/a"),
                                                   counted(data_of("b"), 5, "s:/e/b"),
                                                   counted(data_of("c"), 6, "s:/e/c")});
  CHECK_FALSE(all[0]);
  CHECK_FALSE(all[1]);
  CHECK(all[2]);
}

TEST_CASE("a volume that shares its NFS superblock with a host mount has no counters") {
  const Host host = Host().volume("a").mount(data_of("a"), 40).mount("/mnt/nas", 40);
  CHECK(is_shared(host, 0));
  CHECK_FALSE(has_nfs_counters(host.inventory()));
  CHECK_FALSE(is_shared(Host().volume("a").mount(data_of("a"), 40).mount("/mnt/nas", 41), 0));
}

TEST_CASE("a volume that is a bind mount of the host's NFS mount shares it with the host") {
  const Host host = Host()
                        .volume("a", {{"type", "none"}, {"o", "bind"}, {"device", "/mnt/nas"}})
                        .mount("/mnt/nas", 40);
  CHECK(is_shared(host, 0));
}

TEST_CASE("two plugin volumes with one directory have no NFS counters") {
  const Host host =
      Host().volume_at("a", "/mnt/nas").volume_at("b", "/mnt/nas").mount("/mnt/nas", 40);
  CHECK(is_shared(host, 0));
  CHECK(is_shared(host, 1));
}

TEST_CASE("NFS counters of another source, or of two mounts at one mount point, are ignored") {
  const Host host = Host().volume("db").mount(data_of("db"), 40);
  CHECK(read_by_first(host, {counted(data_of("db"), 7, "s:/old")}) == std::nullopt);
  CHECK(read_by_first(host, {counted(data_of("db"), 7), counted(data_of("db"), 8)}) ==
        std::nullopt);
  CHECK(read_by_first(host, {counted(data_of("db"), 7, "s:/old"), counted(data_of("db"), 8)}) == 8);
}

TEST_CASE("if mountstats cannot be read, no volume has NFS counters") {
  const Host host = Host().volume("db").mount(data_of("db"), 40);
  const auto all = nfs_of_volumes(host.inventory(), {});
  REQUIRE(all.size() == 1);
  CHECK_FALSE(all[0]);
}

}  // namespace volumeter::nfs_volumes_test
