// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/metrics/metric_families.h"

namespace volumeter {

// The text formats of Prometheus.
enum class Format {
  kText004,         // https://prometheus.io/docs/instrumenting/exposition_formats/
  kOpenMetrics100,  // https://prometheus.io/docs/specs/om/open_metrics_spec/
};

// Renders the families; those without samples are omitted.
std::string render(const MetricFamilies& families, Format format);

}  // namespace volumeter
