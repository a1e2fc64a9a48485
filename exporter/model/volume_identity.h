// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "exporter/model/inventory.h"
#include "exporter/sources/docker/types.h"

namespace volumeter {

// What the engine itself says of a volume; its place and use are left open. `user_labels`: keys of
// labels to show.
VolumeFacts identity_of(const docker::Volume& volume, const docker::Engine& engine,
                        const std::vector<std::string>& user_labels);

}  // namespace volumeter
