// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/server_metrics.h"

#include <string>

#include "exporter/metrics/server_metric_descs.h"

namespace volumeter {
namespace {

const prometheus::Histogram::BucketBoundaries kScrapeBounds = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};

// Registers the family that `desc` declares.
template <typename Builder>
auto& declare(Builder builder, const MetricDesc& desc, prometheus::Registry& registry) {
  return builder.Name(std::string(desc.name)).Help(std::string(desc.help)).Register(registry);
}

}  // namespace

ServerMetrics::ServerMetrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      responses_(declare(prometheus::BuildCounter(), kHttpResponses, *registry_)),
      response_bytes_(declare(prometheus::BuildCounter(), kHttpResponseBytes, *registry_).Add({})),
      scrape_duration_(declare(prometheus::BuildHistogram(), kScrapeDuration, *registry_)
                           .Add({}, kScrapeBounds)) {}

void ServerMetrics::responded(unsigned status, std::size_t body_bytes) {
  const std::string label(kHttpResponses.labels.get().front());
  responses_.Add({{label, std::to_string(status)}}).Increment();
  response_bytes_.Increment(static_cast<double>(body_bytes));
}

void ServerMetrics::scraped(Seconds duration) { scrape_duration_.Observe(duration.count()); }

}  // namespace volumeter
