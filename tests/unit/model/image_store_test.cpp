// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/image_store.h"

#include <catch2/catch.hpp>

namespace volumeter::image_store_test {
namespace {

using Paths = std::vector<std::string>;

docker::Engine engine(std::string driver, std::string root) {
  docker::Engine made;
  made.storage_driver = std::move(driver);
  made.root_directory = std::move(root);
  return made;
}

TEST_CASE("a storage driver of the engine's has its images in a directory of its name") {
  CHECK(images_folder(engine("overlay2", "/var/lib/docker")) == "/var/lib/docker/overlay2");
  CHECK(images_folder(engine("overlay2", "")).empty());
  CHECK(containerd_stores(engine("overlay2", "/var/lib/docker")).empty());
}

TEST_CASE("containerd's store is where containerd has it") {
  CHECK(images_folder(engine("overlayfs", "/var/lib/docker")).empty());
  CHECK(containerd_stores(engine("overlayfs", "/home/me/docker")) ==
        Paths{"/var/lib/containerd", "/home/me/docker/containerd/daemon"});
  CHECK(containerd_stores(engine("overlayfs", "")) == Paths{"/var/lib/containerd"});
}

TEST_CASE("the store of a layer is the directory of containerd's that it is in") {
  CHECK(store_of_layer("/data/ctd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs") ==
        "/data/ctd");
  CHECK(store_of_layer("/data/layers/7") == "/data/layers/7");
  CHECK(store_of_layer("").empty());
}

}  // namespace
}  // namespace volumeter::image_store_test
