// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/image_store.h"

namespace volumeter {

bool uses_containerd_store(const docker::Engine& engine) {
  const std::string& driver = engine.storage_driver;
  return driver == "overlayfs" || driver == "native" || driver == "erofs";
}

std::string images_folder(const docker::Engine& engine) {
  if (engine.root_directory.empty() || uses_containerd_store(engine)) return {};
  return engine.root_directory + "/" + engine.storage_driver;
}

std::vector<std::string> containerd_stores(const docker::Engine& engine) {
  if (!uses_containerd_store(engine)) return {};
  std::vector<std::string> stores{"/var/lib/containerd"};
  // Where the engine runs containerd itself, as a rootless one does.
  if (!engine.root_directory.empty())
    stores.push_back(engine.root_directory + "/containerd/daemon");
  return stores;
}

std::string_view store_of_layer(std::string_view upper_directory) {
  return upper_directory.substr(0, upper_directory.find("/io.containerd.snapshotter.v1."));
}

}  // namespace volumeter
