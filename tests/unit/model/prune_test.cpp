// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/prune.h"

#include <catch2/catch.hpp>

namespace volumeter::prune_test {
namespace {

bool is_pruned(docker::StringMap options, const std::string& driver = "local",
               const std::string& product = "docker", const std::string& scope = "local") {
  docker::Volume volume;
  volume.driver = driver;
  volume.scope = scope;
  volume.options = std::move(options);
  docker::Engine engine;
  engine.product = product;
  return is_prunable(volume, engine);
}

}  // namespace

TEST_CASE("Docker prunes local volumes without options") {
  CHECK(is_pruned({}));
  CHECK_FALSE(is_pruned({{"size", "10G"}}));
  CHECK_FALSE(is_pruned({{"type", ""}}));  // to prune a key with an empty value is an option
  CHECK_FALSE(is_pruned({}, "vieux/sshfs:latest"));
}

TEST_CASE("Podman prunes volumes with options as well") {
  CHECK(is_pruned({{"o", "size=1g"}}, "local", "podman"));
}

TEST_CASE("a volume of the cluster is pruned by no host") {
  CHECK_FALSE(is_pruned({}, "local", "docker", "global"));
  CHECK_FALSE(is_pruned({}, "csi", "podman", "global"));
}

}  // namespace volumeter::prune_test
