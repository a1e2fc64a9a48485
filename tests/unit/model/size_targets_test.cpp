// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/size_targets.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

namespace volumeter::size_targets_test {
namespace {

FilesystemFacts filesystem(std::string mount_point) {
  FilesystemFacts facts;
  facts.mount_point = std::move(mount_point);
  return facts;
}

VolumeFacts volume(std::string name, std::optional<std::size_t> on, bool whole = false) {
  VolumeFacts facts;
  facts.path = "/v/" + name + "/_data";
  facts.name = std::move(name);
  facts.filesystem = on;
  facts.is_whole_filesystem = whole;
  return facts;
}

BindFacts bind(const std::string& path, std::size_t on, bool whole = false) {
  return {path, Label(path), on, whole};
}

ContainerFacts container(std::string_view name, std::optional<std::uint32_t> pid) {
  ContainerFacts facts;
  facts.name = Label(name);
  facts.pid = pid;
  return facts;
}

MountFacts tmpfs(std::size_t container, std::string_view destination) {
  return {.kind = MountKind::kTmpfs, .container = container, .destination = Label(destination)};
}

// A host with two filesystems, "/" and "/mnt".
Inventory host_with(std::vector<VolumeFacts> volumes, std::vector<BindFacts> binds = {}) {
  Inventory inventory;
  inventory.filesystems = {filesystem("/"), filesystem("/mnt")};
  inventory.volumes = std::move(volumes);
  inventory.binds = std::move(binds);
  return inventory;
}

std::vector<std::string> keys(const Inventory& inventory) {
  std::vector<std::string> out;
  for (const SizeTarget& target : size_targets(inventory, {})) out.push_back(target.key);
  return out;
}

std::vector<std::string> keys_with_own_filesystem(const Inventory& inventory) {
  std::vector<std::string> out;
  for (const SizeTarget& target : size_targets(inventory, {})) {
    if (target.own_filesystem) out.push_back(target.key);
  }
  return out;
}

// On the filesystem at /mnt.
SizeTarget target_of(const std::string& key, const std::string& path) {
  SizeTarget target;
  target.key = key;
  target.place.path = path;
  target.mount_point = "/mnt";
  return target;
}

TEST_CASE("a volume is measured at its path, on the filesystem that holds it") {
  CHECK(size_targets(host_with({volume("db", 1)}), {}) ==
        std::vector{target_of("db", "/v/db/_data")});
}

TEST_CASE("a target knows whether anything is mounted below it, as far as mounts are known") {
  const Inventory inventory = host_with({volume("db", 1), volume("web", 1)});
  CHECK(size_targets(inventory, {})[0].has_mounts_below);
  Mount root;
  root.mount_point = "/";
  Mount below = root;
  below.mount_point = "/v/db/_data/nas";
  Mount beside = root;
  beside.mount_point = "/v/web/_data2";
  const MountList mounts({root, below, beside});
  const auto targets = size_targets(inventory, {.procfs = {}, .mounts = &mounts});
  CHECK(targets[0].has_mounts_below);
  CHECK_FALSE(targets[1].has_mounts_below);
}

TEST_CASE("a volume whose data cannot be reached is not measured") {
  VolumeFacts unmounted = volume("nfs", 0);
  unmounted.unmounted = true;
  VolumeFacts pathless = volume("plugin", 0);
  pathless.path.clear();
  CHECK(keys(host_with({unmounted, pathless, volume("unseen", {}), volume("db", 0)})) ==
        std::vector<std::string>{"db"});
}

TEST_CASE("a volume has its own filesystem if it is a whole one and the only target on it") {
  CHECK(keys_with_own_filesystem(host_with({volume("a", 0), volume("b", 1, true)})) ==
        std::vector<std::string>{"b"});
  CHECK(keys_with_own_filesystem(host_with({volume("a", 1, true), volume("b", 1, true)})).empty());
  CHECK(keys_with_own_filesystem(host_with({volume("a", 1), volume("b", 1, true)})).empty());
}

TEST_CASE("a bind mount source on the same filesystem counts as sharing it") {
  const BindFacts disk = bind("/mnt", 1, true);
  CHECK(keys_with_own_filesystem(host_with({volume("a", 0)}, {disk})) ==
        std::vector<std::string>{"bind:/mnt"});
  CHECK(keys_with_own_filesystem(host_with({volume("a", 1)}, {disk})).empty());
  CHECK(keys_with_own_filesystem(host_with({volume("a", 1, true)}, {bind("/mnt/x", 1)})).empty());
}

TEST_CASE("a volume that is not measured does not count as sharing a filesystem") {
  VolumeFacts unmounted = volume("old", 1);
  unmounted.unmounted = true;
  CHECK(keys_with_own_filesystem(host_with({unmounted, volume("b", 1, true)})) ==
        std::vector<std::string>{"b"});
}

TEST_CASE("a source of bind mounts is measured by its path") {
  CHECK(size_targets(host_with({}, {bind("/mnt/data", 1)}), {}) ==
        std::vector{target_of("bind:/mnt/data", "/mnt/data")});
}

TEST_CASE("a tmpfs is measured in the running container that has it") {
  Inventory inventory;
  inventory.containers = {container("web", 4711), container("gone", {})};
  inventory.mounts = {tmpfs(0, "/run \"x\""), tmpfs(1, "/run")};
  MountFacts other = tmpfs(0, "/data");
  other.kind = MountKind::kBind;
  inventory.mounts.push_back(other);
  SizeTarget expected;
  expected.key = "tmpfs:web:/run \"x\"";
  expected.place.root = "/host/proc/4711/root";
  expected.place.container = "web";
  expected.place.path = "/run \"x\"";
  expected.own_filesystem = true;
  CHECK(size_targets(inventory, {.procfs = "/host/proc"}) == std::vector{expected});
}

TEST_CASE("a tmpfs is not measured by way of a process that does not show the container") {
  Inventory inventory;
  inventory.containers = {container("web", 4711), container("sandboxed", 4712)};
  inventory.mounts = {tmpfs(0, "/run"), tmpfs(1, "/run")};
  const auto targets =
      size_targets(inventory, {.shows_container = [](std::uint32_t pid) { return pid == 4711; }});
  REQUIRE(targets.size() == 1);
  CHECK(targets[0].key == "tmpfs:web:/run");
}

}  // namespace
}  // namespace volumeter::size_targets_test
