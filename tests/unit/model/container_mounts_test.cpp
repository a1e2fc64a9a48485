// SPDX-License-Identifier: Apache-2.0
// The mounts of containers as they are exported.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/inventory_bench.h"

namespace volumeter::container_mounts_test {
namespace {

using namespace test;
using Host = InventoryBench;

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

}  // namespace
}  // namespace volumeter::container_mounts_test
