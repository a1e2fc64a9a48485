// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/metrics/metric_families.h"

namespace volumeter {

// The two texts Prometheus reads.
enum class Format {
  kText004,         // https://prometheus.io/docs/instrumenting/exposition_formats/
  kOpenMetrics100,  // https://prometheus.io/docs/specs/om/open_metrics_spec/
};

// The families as one body. A family without samples is not written.
std::string render(const MetricFamilies& families, Format format);

}  // namespace volumeter
