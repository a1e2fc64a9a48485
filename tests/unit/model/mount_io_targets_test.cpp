// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/mount_io_targets.h"

#include <catch2/catch.hpp>

namespace volumeter::mount_io_targets_test {
namespace {

ContainerFacts container(const std::string& name, docker::ContainerState state,
                         std::optional<std::uint32_t> pid) {
  ContainerFacts facts;
  facts.name = Label(name);
  facts.state = state;
  facts.pid = pid;
  return facts;
}

MountFacts mount(std::size_t container, const std::string& destination,
                 std::optional<std::size_t> data_volume = {}) {
  MountFacts facts;
  facts.container = container;
  facts.destination = Label(destination);
  facts.data_volume = data_volume;
  if (data_volume) facts.data_path = "/volumes/db/_data";
  return facts;
}

Inventory inventory() {
  Inventory all;
  all.volumes.resize(1);
  all.volumes[0].name = "db";
  return all;
}

using docker::ContainerState;

TEST_CASE("every mount of a running container is a target") {
  Inventory all = inventory();
  all.containers = {container("odd \"name\"", ContainerState::kRunning, 42)};
  all.mounts = {mount(0, "/"), mount(0, "/data", 0)};
  const auto targets = mount_io_targets(all);
  REQUIRE(targets.size() == 2);
  CHECK(targets[0] == MountIoTarget{{"odd \"name\"", "/"}, 42, "", ""});
  CHECK(targets[1] == MountIoTarget{{"odd \"name\"", "/data"}, 42, "db", "/volumes/db/_data"});
  CHECK(volume_names(all) == std::set<std::string>{"db"});
}

TEST_CASE("the mounts of a stopped container are no targets") {
  Inventory all = inventory();
  all.containers = {container("old", ContainerState::kStopped, {}),
                    container("new", ContainerState::kCreated, {})};
  all.mounts = {mount(0, "/data", 0), mount(1, "/data", 0)};
  CHECK(mount_io_targets(all).empty());
}

// An engine behind a proxy may refuse to tell it, and then what the container does to its volumes
// must not pass for nothing.
TEST_CASE("a running container without a known process ID is a target") {
  Inventory all = inventory();
  all.containers = {container("web", ContainerState::kRunning, {})};
  all.mounts = {mount(0, "/data", 0)};
  const auto targets = mount_io_targets(all);
  REQUIRE(targets.size() == 1);
  CHECK(targets[0].pid == 0);
  CHECK(targets[0].volume == "db");
}

}  // namespace
}  // namespace volumeter::mount_io_targets_test
