// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exporter/sources/docker/types.h"

namespace volumeter {

// Where an engine keeps images and the writable layers of containers.

// Whether they lie in a directory of containerd's, which the engine does not name: its image store,
// the default since Docker 29.
bool uses_containerd_store(const docker::Engine& engine);

// The storage driver's own directory, on which another disk may be mounted; empty with containerd's
// store.
std::string images_folder(const docker::Engine& engine);

// Directories in which containerd keeps its store if nothing else is configured; empty with a
// storage driver of the engine's own.
std::vector<std::string> containerd_stores(const docker::Engine& engine);

// The directory of containerd's that holds a writable layer:
// "/data/ctd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs" -> "/data/ctd". The layer itself
// where the path is of another shape.
std::string_view store_of_layer(std::string_view upper_directory);

}  // namespace volumeter
