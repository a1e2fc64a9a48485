// SPDX-License-Identifier: Apache-2.0
#include "collectors/collectable.h"

#include <prometheus/metric_family.h>

#include <catch2/catch.hpp>
#include <limits>
#include <stdexcept>

namespace volumeter {
namespace {

using prometheus::ClientMetric;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr MetricDesc kReads{"reads_total", MetricType::kCounter, "Reads.", {"volume", "operation"}};
constexpr MetricDesc kOpen{"open_files", MetricType::kGauge, "Open files.", {}};
constexpr MetricDesc kDuration{"duration_seconds", MetricType::kHistogram, "Duration.", {}};
constexpr const MetricDesc* kDeclared[] = {&kReads, &kOpen, &kDuration};

// Hands out families made by hand.
class FakeCollectable final : public prometheus::Collectable {
 public:
  explicit FakeCollectable(std::vector<prometheus::MetricFamily> families)
      : families_(std::move(families)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    if (families_.empty()) throw std::runtime_error("nothing there");
    return families_;
  }

 private:
  std::vector<prometheus::MetricFamily> families_;
};

prometheus::MetricFamily family(std::string name, prometheus::MetricType type,
                                std::vector<ClientMetric> metrics) {
  return {std::move(name), "their help", type, std::move(metrics)};
}

ClientMetric counter(std::vector<ClientMetric::Label> labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = value;
  return metric;
}

MetricFamilies converted(prometheus::MetricFamily theirs) {
  return to_families(FakeCollectable({std::move(theirs)}), kDeclared);
}

bool dropped(prometheus::MetricFamily theirs) {
  const auto ours = converted(std::move(theirs));
  return ours.families().empty();
}

}  // namespace

TEST_CASE("labels of a Collectable are ordered as in the desc, escaped and valid UTF-8") {
  const auto ours =
      converted(family("reads_total", prometheus::MetricType::Counter,
                       {counter({{"operation", "re\"ad"}, {"volume", "d\xff"}}, 3),
                        counter({{"volume", std::string(40, 'x')}, {"operation", "write"}}, 4)}));
  REQUIRE(ours.families().size() == 1);
  const Family& reads = ours.families().front();
  CHECK(&reads.desc() == &kReads);
  CHECK(reads.values() == std::vector<double>{3, 4});
  CHECK(reads.labels(0)[0].text() == "d\xEF\xBF\xBD");
  CHECK(reads.labels(0)[1].text() == "re\\\"ad");
  CHECK(reads.labels(1)[0].text() == std::string(40, 'x'));
}

TEST_CASE("an untyped metric counts as a gauge") {
  ClientMetric metric;
  metric.untyped.value = 8;
  const auto ours = converted(family("open_files", prometheus::MetricType::Untyped, {metric}));
  REQUIRE(ours.families().size() == 1);
  CHECK(ours.families().front().values() == std::vector<double>{8});
}

TEST_CASE("a histogram ends with the bucket +Inf") {
  ClientMetric metric;
  metric.histogram.sample_count = 9;
  metric.histogram.sample_sum = 1.5;
  metric.histogram.bucket = {{4, 0.1}, {7, 0.2}};
  const auto ours =
      converted(family("duration_seconds", prometheus::MetricType::Histogram, {metric}));
  REQUIRE(ours.families().size() == 1);
  const HistogramValue& histogram = ours.families().front().histograms().front();
  REQUIRE(histogram.buckets.size() == 3);
  CHECK(histogram.buckets[1].cumulative_count == 7);
  CHECK(histogram.buckets[2].upper_bound == kInfinity);
  CHECK(histogram.buckets[2].cumulative_count == 9);
  CHECK(histogram.sum == 1.5);
}

TEST_CASE("families that differ from their declaration are dropped") {
  using Type = prometheus::MetricType;
  CHECK(dropped(family("other", Type::Counter, {counter({}, 1)})));
  CHECK(dropped(family("open_files", Type::Counter, {counter({}, 1)})));
  CHECK(dropped(family("open_files", Type::Gauge, {counter({{"volume", "a"}}, 1)})));
  CHECK(dropped(family("duration_seconds", Type::Summary, {counter({}, 1)})));
  CHECK(dropped(family("reads_total", Type::Counter, {counter({{"volume", "a"}}, 1)})));
}

TEST_CASE("a sample with other labels drops its family") {
  CHECK(dropped(family("reads_total", prometheus::MetricType::Counter,
                       {counter({{"volume", "a"}, {"operation", "b"}}, 1),
                        counter({{"volume", "a"}, {"host", "b"}}, 1)})));
}

TEST_CASE("exceptions of a Collectable are passed on") {
  CHECK_THROWS_AS(to_families(FakeCollectable({}), kDeclared), std::runtime_error);
}

}  // namespace volumeter
