// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/inventory.h"

#include <algorithm>

namespace volumeter {

std::size_t Inventory::count(VolumeUse use) const {
  return static_cast<std::size_t>(
      std::count_if(volumes.begin(), volumes.end(),
                    [&](const VolumeFacts& volume) { return volume.use == use; }));
}

}  // namespace volumeter
