// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/server_metrics.h"

#include <string>
#include <utility>

namespace volumeter {
namespace {

constexpr MetricDesc kResponses{"volumeter_http_responses_total",
                                MetricType::kCounter,
                                "HTTP responses by status code.",
                                {"code"}};
constexpr MetricDesc kResponseBytes{"volumeter_http_response_bytes_total",
                                    MetricType::kCounter,
                                    "Bytes of HTTP response bodies, after compression.",
                                    {}};
constexpr MetricDesc kScrapeDuration{
    "volumeter_scrape_duration_seconds",
    MetricType::kHistogram,
    "Time to collect and render a scrape, excluding compression and transmission.",
    {}};
// Answers whether the log of an incident is complete.
constexpr MetricDesc kLogDropped{
    "volumeter_log_dropped_total",
    MetricType::kCounter,
    "Log lines lost because standard error was blocked or failed: a full pipe, a closed reader, a "
    "full disk.",
    {}};
constexpr const MetricDesc* kAll[] = {&kResponses, &kResponseBytes, &kScrapeDuration, &kLogDropped};

}  // namespace

ServerMetrics::ServerMetrics(std::function<std::uint64_t()> log_dropped)
    : log_dropped_(std::move(log_dropped)),
      responses_(std::string(kResponses.name), "", {}),
      scrape_duration_({0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}) {}

std::span<const MetricDesc* const> ServerMetrics::describe() { return kAll; }

void ServerMetrics::responded(unsigned status, std::size_t body_bytes) {
  responses_.Add({{"code", std::to_string(status)}}).Increment();
  response_bytes_.Increment(static_cast<double>(body_bytes));
}

void ServerMetrics::scraped(Seconds duration) { scrape_duration_.Observe(duration.count()); }

MetricFamilies ServerMetrics::collect() const {
  MetricFamilies out;
  for (const auto& family : responses_.Collect()) {
    for (const auto& metric : family.metric) {
      out.add(kResponses, {out.keep(Label(metric.label.front().value))}, metric.counter.value);
    }
  }
  out.add(kResponseBytes, {}, response_bytes_.Value());
  if (log_dropped_) out.add(kLogDropped, {}, static_cast<double>(log_dropped_()));
  const auto durations = scrape_duration_.Collect().histogram;
  HistogramValue value{.buckets = {}, .sum = durations.sample_sum};
  for (const auto& bucket : durations.bucket) {
    value.buckets.push_back({bucket.upper_bound, bucket.cumulative_count});
  }
  out[kScrapeDuration].add_histogram({}, std::move(value));
  return out;
}

}  // namespace volumeter
