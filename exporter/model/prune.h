// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/sources/docker/types.h"

namespace volumeter {

// Whether `docker volume prune` of this engine deletes the volume when no container names it; from
// API 1.42 on with --all if it is not anonymous. Docker takes volumes of the driver "local" that
// were made without an option, to which a key with an empty value counts (volume/service/store.go,
// Prune); Podman takes those with options as well.
bool is_prunable(const docker::Volume& volume, const docker::Engine& engine);

}  // namespace volumeter
