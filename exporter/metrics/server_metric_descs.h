// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/metrics/metric_desc.h"

namespace volumeter {

// What the HTTP server counts of itself. They stand here because http/ fills them, through
// prometheus-cpp, while collectors/ declare them.
inline constexpr MetricDesc kHttpResponses{"volumeter_http_responses_total",
                                           MetricType::kCounter,
                                           "HTTP responses by status code.",
                                           {"code"}};
inline constexpr MetricDesc kHttpResponseBytes{
    "volumeter_http_response_bytes_total",
    MetricType::kCounter,
    "Bytes of HTTP response bodies, as sent: after compression.",
    {}};
inline constexpr MetricDesc kScrapeDuration{
    "volumeter_scrape_duration_seconds",
    MetricType::kHistogram,
    "Time to build and render one scrape, without compressing and sending it.",
    {}};

inline constexpr const MetricDesc* kServerMetrics[] = {&kHttpResponses, &kHttpResponseBytes,
                                                       &kScrapeDuration};

}  // namespace volumeter
