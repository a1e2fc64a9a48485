// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/inventory_builder.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/inventory_bench.h"

namespace volumeter::inventory_builder_test {
namespace {

using namespace test;
using Host = InventoryBench;

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

}  // namespace
}  // namespace volumeter::inventory_builder_test
