// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/path_resolver.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter {
namespace {

// A host on which every path leads to /mnt/real.
HostAccess linked_host() {
  HostAccess host;
  host.statfs = [](const std::string&, std::stop_token) { return Result<FsUsage>(FsUsage{}); };
  host.resolve = [](const std::string& path, std::stop_token) {
    return Result<std::string>("/mnt/real" + path);
  };
  return host;
}

docker::Volume local(std::string name, docker::StringMap options) {
  docker::Volume volume;
  volume.mountpoint = "/var/lib/docker/volumes/" + name + "/_data";
  volume.name = std::move(name);
  volume.driver = "local";
  volume.options = std::move(options);
  return volume;
}

TEST_CASE(
    "the folder of volumes, sources of bind mounts and devices of bind volumes are resolved") {
  docker::Facts facts;
  facts.volumes = {local("plain", {}), local("bound", {{"o", "bind"}, {"device", "/srv/a"}}),
                   local("nfs", {{"type", "nfs"}, {"device", ":/export"}})};
  docker::ContainerMount mount;
  mount.type = docker::MountType::kBind;
  mount.source = "/srv/b";
  facts.containers.emplace_back().mounts = {mount};
  const HostAccess host = linked_host();
  PathResolver resolver(host);
  resolver.update(facts, MountList({}), {});
  CHECK(resolver.resolved("/var/lib/docker/volumes") == "/mnt/real/var/lib/docker/volumes");
  CHECK(resolver.resolved("/srv/a") == "/mnt/real/srv/a");
  CHECK(resolver.resolved("/srv/b") == "/mnt/real/srv/b");
  CHECK(resolver.resolved(":/export") == ":/export");
}

}  // namespace
}  // namespace volumeter
