// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_reach.h"

#include <catch2/catch.hpp>

namespace volumeter::volume_reach_test {
namespace {

using Indices = std::vector<std::size_t>;

const std::string kRoot = "/var/lib/docker";
const std::string kVolumes = kRoot + "/volumes/";

VolumeReach::Volume plain(const std::string& name, std::vector<std::string> sources = {}) {
  return {name, kVolumes + name + "/_data", std::move(sources)};
}

}  // namespace

TEST_CASE("a volume made of a directory in another one uses both") {
  const VolumeReach reach({plain("base"), plain("part", {kVolumes + "base/_data/app"})}, kRoot);
  CHECK(reach.of_volume(1) == Indices{0});
  CHECK(reach.of_volume(0).empty());
}

TEST_CASE("volumes in volumes in volumes are all reached, and a circle ends") {
  const VolumeReach reach({plain("a", {kVolumes + "c/_data"}), plain("b", {kVolumes + "a/_data/x"}),
                           plain("c", {kVolumes + "b/_data/x/y"})},
                          kRoot);
  CHECK(reach.of_volume(0) == Indices{1, 2});
  CHECK(reach.of_volume(1) == Indices{0, 2});
  CHECK(reach.of_volume(2) == Indices{0, 1});
}

TEST_CASE("a bind mount reaches a volume and what that is made of") {
  const VolumeReach reach(
      {plain("lower"), plain("merged", {kVolumes + "lower/_data"}), plain("other")}, kRoot);
  CHECK(reach.of_bind(kVolumes + "merged/_data/sub") == Indices{0, 1});
  CHECK(reach.of_bind(kVolumes + "other") == Indices{2});
}

TEST_CASE("a directory that a bind volume shows is the volume's data under its own path, too") {
  const auto shows = [](const std::string& name, const std::string& path) {
    return VolumeReach::Volume{name, kVolumes + name + "/_data", {path}, path};
  };
  const VolumeReach reach({shows("site", "/srv/site"), shows("twin", "/srv/site"),
                           shows("images", "/srv/site/images"), plain("other")},
                          kRoot);
  CHECK(reach.of_bind("/srv/site") == Indices{0, 1});
  CHECK(reach.of_bind("/srv/site/images/2026") == Indices{0, 1, 2});
  CHECK(reach.of_volume(0) == Indices{1});
  CHECK(reach.of_volume(2) == Indices{0, 1});
  for (const auto* source : {"/", "/srv", "/srv/site2"}) {
    CAPTURE(source);
    CHECK(reach.of_bind(source).empty());
  }
}

TEST_CASE("a bind mount of all that the engine has reaches no volume") {
  const VolumeReach reach({{"plugged", kRoot + "/plugins/x/rootfs/mnt", {}}, plain("db")}, kRoot);
  for (const auto* source :
       {"/", "/var", "/var/lib/docker", "/var/lib/docker/volumes", "/var/lib/docker/plugins"}) {
    CAPTURE(source);
    CHECK(reach.of_bind(source).empty());
  }
  CHECK(reach.of_bind(kRoot + "/plugins/x/rootfs/mnt") == Indices{0});
}

TEST_CASE("a bind mount above the engine's data still reaches a plugin's volume beside it") {
  const VolumeReach reach({{"kept", "/var/persist/kept", {}}, plain("db")}, kRoot);
  CHECK(reach.of_bind("/var") == Indices{0});
}

}  // namespace volumeter::volume_reach_test
