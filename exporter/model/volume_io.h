// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "exporter/model/snapshot.h"
#include "exporter/model/volume_io_facts.h"

namespace volumeter {

// In the order of the inventory, without volumes that no running container uses and for which no
// source has counters. As the counters are now: VolumeIoTotals makes one series of them.
std::vector<VolumeIo> volume_io(const HostSnapshot& host);

}  // namespace volumeter
