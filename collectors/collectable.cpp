// SPDX-License-Identifier: Apache-2.0
#include "collectors/collectable.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <limits>

namespace volumeter {
namespace {

using prometheus::ClientMetric;

bool same_type(prometheus::MetricType theirs, MetricType ours) {
  switch (theirs) {
    case prometheus::MetricType::Counter: return ours == MetricType::kCounter;
    case prometheus::MetricType::Gauge:
    case prometheus::MetricType::Untyped: return ours == MetricType::kGauge;
    case prometheus::MetricType::Histogram: return ours == MetricType::kHistogram;
    case prometheus::MetricType::Summary: return false;
  }
  return false;
}

const ClientMetric::Label* find_label(const ClientMetric& metric, std::string_view name) {
  const auto found = std::find_if(metric.label.begin(), metric.label.end(),
                                  [&](const auto& label) { return label.name == name; });
  return found == metric.label.end() ? nullptr : &*found;
}

bool fits(const ClientMetric& metric, const MetricDesc& desc) {
  const auto names = desc.labels.get();
  return metric.label.size() == names.size() &&
         std::all_of(names.begin(), names.end(),
                     [&](auto name) { return find_label(metric, name) != nullptr; });
}

const MetricDesc* desc_of(const prometheus::MetricFamily& family,
                          std::span<const MetricDesc* const> declared) {
  const auto found = std::find_if(declared.begin(), declared.end(), [&](const auto* desc) {
    return desc->name == family.name && same_type(family.type, desc->type);
  });
  if (found == declared.end()) return nullptr;
  const bool all_fit = std::all_of(family.metric.begin(), family.metric.end(),
                                   [&](const auto& metric) { return fits(metric, **found); });
  return all_fit ? *found : nullptr;
}

HistogramValue to_histogram(const ClientMetric::Histogram& theirs) {
  HistogramValue ours;
  ours.sum = theirs.sample_sum;
  for (const auto& bucket : theirs.bucket) {
    ours.buckets.push_back({bucket.upper_bound, bucket.cumulative_count});
  }
  // prometheus-cpp ends with +Inf, a Collectable made by hand may leave it out.
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (ours.buckets.empty() || ours.buckets.back().upper_bound != kInfinity) {
    ours.buckets.push_back({kInfinity, theirs.sample_count});
  }
  return ours;
}

double value_of(const ClientMetric& metric, prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter: return metric.counter.value;
    case prometheus::MetricType::Gauge: return metric.gauge.value;
    default: return metric.untyped.value;
  }
}

}  // namespace

MetricFamilies to_families(const prometheus::Collectable& collectable,
                           std::span<const MetricDesc* const> declared) {
  MetricFamilies out;
  for (const auto& family : collectable.Collect()) {
    const MetricDesc* const desc = desc_of(family, declared);
    if (desc == nullptr) continue;
    for (const auto& metric : family.metric) {
      std::vector<LabelRef> labels;
      for (const auto name : desc->labels.get()) {
        labels.emplace_back(out.keep(Label(find_label(metric, name)->value)));
      }
      if (desc->type == MetricType::kHistogram) {
        out[*desc].add_histogram(labels, to_histogram(metric.histogram));
      } else {
        out[*desc].add_value(labels, value_of(metric, family.type));
      }
    }
  }
  return out;
}

}  // namespace volumeter
