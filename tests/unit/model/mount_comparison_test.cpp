// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/mount_comparison.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace volumeter::mount_comparison_test {
namespace {

using Found = std::vector<MountMismatch>;
using docker::Propagation;

MountFacts mount_at(const char* destination) {
  MountFacts mount;
  mount.destination = Label(destination);
  mount.writable = true;
  return mount;
}

// Of an engine on this host, with one container.
Inventory inventory_of(std::vector<MountFacts> mounts,
                       docker::ContainerState state = docker::ContainerState::kRunning) {
  Inventory inventory;
  inventory.engine = EngineFacts{Label("docker"), {}, {}, {}, 0};
  ContainerFacts container;
  container.name = Label("web");
  container.state = state;
  inventory.containers = {container};
  inventory.mounts = std::move(mounts);
  return inventory;
}

Found found_in(const MountFacts& asked, const std::string& mountinfo) {
  const Inventory inventory = inventory_of({asked});
  MountComparison comparison(inventory);
  comparison.add_view(0, parse_mountinfo(mountinfo).items);
  Found found;
  for (const auto& facts : std::move(comparison).taken()) {
    CHECK(facts.container == Label("web"));
    CHECK(facts.destination == asked.destination);
    found.push_back(facts.mismatch);
  }
  return found;
}

TEST_CASE(
    "a mount requested read-write that is read-only, itself or by its filesystem, is a mismatch") {
  const MountFacts asked = mount_at("/data");
  CHECK(found_in(asked, "9 1 8:1 /v /data rw - ext4 /dev/sda1 rw").empty());
  CHECK(found_in(asked, "9 1 8:1 /v /data ro - ext4 /dev/sda1 rw") ==
        Found{MountMismatch::kReadOnly});
  CHECK(found_in(asked, "9 1 8:1 /v /data rw - ext4 /dev/sda1 ro") ==
        Found{MountMismatch::kReadOnly});
  CHECK(found_in(asked, "9 1 8:1 /v /data rw - ext4 /dev/sda1 rw,emergency_ro") ==
        Found{MountMismatch::kReadOnly});
}

TEST_CASE("a mount requested read-only must be read-only") {
  MountFacts asked = mount_at("/data");
  asked.writable = false;
  CHECK(found_in(asked, "9 1 8:1 /v /data ro - ext4 /dev/sda1 rw").empty());
  CHECK(found_in(asked, "9 1 8:1 /v /data rw - ext4 /dev/sda1 ro").empty());
  CHECK(found_in(asked, "9 1 8:1 /v /data rw - ext4 /dev/sda1 rw") ==
        Found{MountMismatch::kWritable});
}

TEST_CASE("flags that a volume's options request must be set") {
  MountFacts asked = mount_at("/data");
  asked.asked = {.nosuid = true, .nodev = true, .noexec = true};
  CHECK(found_in(asked, "9 1 8:1 /v /data rw,nosuid,nodev,noexec - ext4 /dev/sda1 rw").empty());
  CHECK(found_in(asked, "9 1 8:1 /v /data rw,relatime - ext4 /dev/sda1 rw") ==
        Found{MountMismatch::kExec, MountMismatch::kSuid, MountMismatch::kDev});
}

TEST_CASE("of the flags that were not requested only noexec is a mismatch, and not with Podman") {
  const MountFacts asked = mount_at("/data");
  const std::string line = "9 1 8:1 /v /data rw,nosuid,nodev,noexec - ext4 /dev/sda1 rw";
  CHECK(found_in(asked, line) == Found{MountMismatch::kNoexec});
  Inventory inventory = inventory_of({asked});
  inventory.engine->product = Label("podman");
  MountComparison comparison(inventory);
  comparison.add_view(0, parse_mountinfo(line).items);
  CHECK(std::move(comparison).taken().empty());
}

TEST_CASE("less propagation than requested is a mismatch") {
  MountFacts asked = mount_at("/data");
  const std::string as_private = "9 1 8:1 /v /data rw - ext4 /dev/sda1 rw";
  const std::string as_slave = "9 1 8:1 /v /data rw master:1 - ext4 /dev/sda1 rw";
  const std::string as_shared = "9 1 8:1 /v /data rw shared:7 - ext4 /dev/sda1 rw";
  CHECK(found_in(asked, as_shared).empty());
  asked.asked.propagation = Propagation::kSlave;
  CHECK(found_in(asked, as_private) == Found{MountMismatch::kPrivate});
  CHECK(found_in(asked, as_slave).empty());
  asked.asked.propagation = Propagation::kShared;
  CHECK(found_in(asked, as_private) == Found{MountMismatch::kPrivate});
  CHECK(found_in(asked, as_slave) == Found{MountMismatch::kSlave});
  CHECK(found_in(asked, as_shared).empty());
}

TEST_CASE("a source that was deleted while mounted is a mismatch, of volumes too") {
  MountFacts asked = mount_at("/etc/app.conf");
  const std::string line = "9 1 8:1 /srv/app.conf//deleted /etc/app.conf rw - ext4 /dev/sda1 rw";
  CHECK(found_in(asked, line) == Found{MountMismatch::kSourceDeleted});
  asked.kind = MountKind::kBind;
  CHECK(found_in(asked, line) == Found{MountMismatch::kSourceDeleted});
}

TEST_CASE("what is not seen at the destination, or is covered there, is not compared") {
  const MountFacts asked = mount_at("/var/run/app");
  CHECK(found_in(asked, "").empty());
  CHECK(found_in(asked, "9 1 8:1 /v /run/app ro - ext4 /dev/sda1 rw").empty());
  CHECK(found_in(asked,
                 "9 1 8:1 /v /var/run/app ro - ext4 /dev/sda1 rw\n"
                 "10 9 0:50 / /var/run/app ro - tmpfs tmpfs rw")
            .empty());
}

TEST_CASE(
    "nothing is compared with the processes of this host if the engine is in another machine") {
  Inventory inventory = inventory_of({mount_at("/data")});
  inventory.engine->filesystem.reset();
  MountComparison comparison(inventory);
  comparison.add_view(0, parse_mountinfo("9 1 8:1 /v /data ro - ext4 /dev/sda1 rw").items);
  CHECK(std::move(comparison).taken().empty());
}

TEST_CASE("the root filesystem and tmpfs mounts are not compared") {
  for (const MountKind kind : {MountKind::kRootfs, MountKind::kTmpfs, MountKind::kImage}) {
    MountFacts asked = mount_at("/data");
    asked.kind = kind;
    CHECK(found_in(asked, "9 1 8:1 /v /data ro - ext4 /dev/sda1 rw").empty());
  }
}

// A container that binds a source which is not there.
MountFacts without_source(const char* source) {
  MountFacts bind = mount_at("/conf");
  bind.kind = MountKind::kBind;
  bind.data_path = source;
  bind.needs_source = true;
  bind.is_source_missing = true;
  return bind;
}

std::size_t missing_in(const Inventory& inventory, const std::string& view = "",
                       bool sees_path = true) {
  MountComparison comparison(inventory);
  if (!view.empty()) comparison.add_view(0, parse_mountinfo(view).items);
  comparison.add_missing_sources([&](const std::string&) { return sees_path; });
  return std::move(comparison).taken().size();
}

TEST_CASE("a bind mount without its source is missing while the container does not run") {
  using docker::ContainerState;
  CHECK(missing_in(inventory_of({without_source("/srv")}, ContainerState::kStopped)) == 1);
  CHECK(missing_in(inventory_of({without_source("/srv")}, ContainerState::kCreated)) == 1);
  CHECK(missing_in(inventory_of({without_source("/srv")}, ContainerState::kRunning)) == 0);
}

TEST_CASE("a source that the engine creates at the start is not missing") {
  MountFacts bind = without_source("/srv");
  bind.needs_source = false;
  CHECK(missing_in(inventory_of({bind}, docker::ContainerState::kStopped)) == 0);
}

TEST_CASE("a source is not missing where this agent does not see the engine's paths") {
  Inventory inventory = inventory_of({without_source("/srv")}, docker::ContainerState::kStopped);
  CHECK(missing_in(inventory, "", false) == 0);
  inventory.engine->filesystem.reset();  // its root directory is not here
  CHECK(missing_in(inventory) == 0);
}

TEST_CASE(
    "a running container with a source that is not found here proves that paths lead elsewhere") {
  Inventory inventory = inventory_of({without_source("/srv/a")});
  ContainerFacts stopped = inventory.containers[0];
  stopped.state = docker::ContainerState::kStopped;
  inventory.containers.push_back(stopped);
  inventory.mounts.push_back(without_source("/srv/b"));
  inventory.mounts[1].container = 1;
  CHECK(missing_in(inventory) == 1);
  CHECK(missing_in(inventory, "9 1 8:1 /srv/a /conf rw - ext4 /dev/sda1 rw") == 0);
}

TEST_CASE("a path is the same directory if filesystem and directory in it are the same") {
  const auto list = [](const char* text) { return MountList(parse_mountinfo(text).items); };
  const MountList host = list("1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 /sub /srv rw - ext4 b rw");
  CHECK(is_same_directory("/srv/x", host, host, "/"));
  // A unit with ProtectSystem= has /etc as a mount of its own, one with ProtectHome= an empty /home.
  const MountList unit = list(
      "1 0 8:1 / / ro - ext4 a rw\n2 1 8:1 /etc /etc ro - ext4 a rw\n"
      "3 1 0:40 / /home ro - tmpfs t rw\n4 1 8:2 /sub /srv rw - ext4 b rw");
  CHECK(is_same_directory("/etc/app", host, unit, "/"));
  CHECK(is_same_directory("/srv/x", host, unit, "/"));
  CHECK_FALSE(is_same_directory("/home/me/x", host, unit, "/"));
  // In a container.
  const MountList inside = list(
      "1 0 0:50 / / rw - overlay o rw\n2 1 8:1 / /host ro - ext4 a rw\n"
      "3 2 8:2 /sub /host/srv ro - ext4 b rw");
  CHECK(is_same_directory("/etc/app", host, inside, "/host"));
  CHECK(is_same_directory("/srv/x", host, inside, "/host"));
  CHECK_FALSE(is_same_directory("/etc/app", host, inside, "/"));
  CHECK_FALSE(is_same_directory("/etc/app", MountList({}), MountList({}), "/"));
}

}  // namespace
}  // namespace volumeter::mount_comparison_test
