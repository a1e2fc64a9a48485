// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "exporter/metrics/metric_desc.h"

namespace volumeter {

// docs/metrics.md: every metric with its type, labels and help, as Markdown.
std::string metric_docs(const std::vector<const MetricDesc*>& descs);

}  // namespace volumeter
