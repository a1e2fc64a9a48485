// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/metric_families.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

namespace volumeter::metric_families_test {
namespace {

constexpr MetricDesc kSize{"size_bytes", MetricType::kGauge, "Size.", {"volume"}};
constexpr MetricDesc kUp{"up", MetricType::kGauge, "Up.", {}};
constexpr MetricDesc kLatency{"latency_seconds", MetricType::kHistogram, "Latency.", {"volume"}};

TEST_CASE("an absent value adds no sample and no labels") {
  MetricFamilies out;
  out.add(kSize, {"a"}, std::nullopt);
  out.add(kSize, {"b"}, 0);
  out.add(kSize, {"c"}, std::nullopt);
  const Family& family = out.families().front();
  REQUIRE(family.size() == 1);
  CHECK(family.values() == std::vector<double>{0});
  CHECK(family.labels(0)[0].text() == "b");
}

TEST_CASE("families are unique and in order of first use") {
  MetricFamilies out;
  Family& size = out[kSize];
  out.add(kUp, {}, 1);
  for (int i = 0; i < 100; ++i) out.add(kSize, {"a"}, i);
  CHECK(&out[kSize] == &size);
  REQUIRE(out.families().size() == 2);
  CHECK(out.families()[0].desc().name == "size_bytes");
  CHECK(out.families()[0].size() == 100);
  CHECK(out.families()[1].labels(0).empty());
}

TEST_CASE("merging appends to families with the same name and adds others") {
  MetricFamilies one;
  one.add(kSize, {"a"}, 1);
  MetricFamilies two;
  two.add(kUp, {}, 1);
  two.add(kSize, {"b"}, 2);
  one.merge(std::move(two));
  REQUIRE(one.families().size() == 2);
  CHECK(one.families()[0].values() == std::vector<double>{1, 2});
  CHECK(one.families()[0].labels(1)[0].text() == "b");
  CHECK(one.families()[1].values() == std::vector<double>{1});
}

TEST_CASE("merging includes histograms") {
  MetricFamilies one;
  MetricFamilies two;
  two[kLatency].add_histogram(std::vector<LabelRef>{"a"}, {{{1, 5}}, 2.5});
  one.merge(std::move(two));
  const Family& family = one.families().front();
  REQUIRE(family.histograms().size() == 1);
  CHECK(family.histograms()[0].buckets[0].cumulative_count == 5);
  CHECK(family.histograms()[0].sum == 2.5);
  CHECK(family.labels(0)[0].text() == "a");
}

// Short texts live inside their std::string: a label that moves takes its characters along.
TEST_CASE("stored label texts keep their address across merges") {
  MetricFamilies all;
  constexpr std::size_t kRounds = 40;
  for (std::size_t i = 0; i < kRounds; ++i) {
    MetricFamilies inner;
    inner.add(kSize, {inner.keep(Label("s" + std::to_string(i)))}, 1);
    MetricFamilies outer;
    outer.add(kSize, {outer.keep(Label(std::string(100, 'x') + std::to_string(i)))}, 2);
    outer.merge(std::move(inner));
    all.merge(std::move(outer));
  }
  const MetricFamilies moved = std::move(all);
  const Family& family = moved.families().front();
  REQUIRE(family.size() == 2 * kRounds);
  for (std::size_t i = 0; i < kRounds; ++i) {
    CHECK(family.labels(2 * i)[0].text() == std::string(100, 'x') + std::to_string(i));
    CHECK(family.labels(2 * i + 1)[0].text() == "s" + std::to_string(i));
  }
}

TEST_CASE("a label is shown escaped") {
  const Label label("a\"b");
  MetricFamilies out;
  out.add(kSize, {label}, 1);
  CHECK(out.families().front().labels(0)[0].text() == R"(a\"b)");
}

}  // namespace
}  // namespace volumeter::metric_families_test
