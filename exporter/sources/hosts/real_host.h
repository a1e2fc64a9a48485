// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exporter/sources/helpers/prober.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/process_stats.h"

namespace volumeter {

// The machine we run on. The caller adds docker_get and docker_stream.
HostAccess make_host_access(HostPaths paths, BuildInfo build,
                            const std::shared_ptr<Prober>& prober);

KernelUnits kernel_units();

}  // namespace volumeter
