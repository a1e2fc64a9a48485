// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "exporter/metrics/metric_desc.h"

namespace volumeter {

// The text of docs/metrics.md: all metrics with type, labels and help.
std::string metric_docs(const std::vector<const MetricDesc*>& descs);

}  // namespace volumeter
