// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/prune.h"

namespace volumeter {

bool is_prunable(const docker::Volume& volume, const docker::Engine& engine) {
  if (volume.scope == "global") return false;
  if (engine.product == "podman") return true;
  return volume.driver == "local" && volume.options.empty();
}

}  // namespace volumeter
