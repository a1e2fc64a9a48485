// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

namespace volumeter {

enum class MetricType { kGauge, kCounter, kHistogram };

constexpr std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::kGauge: return "gauge";
    case MetricType::kCounter: return "counter";
    case MetricType::kHistogram: return "histogram";
  }
  return "gauge";
}

// The label names of a family, in the order of the values.
class LabelNames {
 public:
  static constexpr std::size_t kMax = 12;

  constexpr LabelNames() = default;
  constexpr LabelNames(std::initializer_list<std::string_view> names) : size_(names.size()) {
    std::size_t i = 0;
    for (const auto name : names) names_.at(i++) = name;  // too many labels do not compile
  }

  constexpr std::span<const std::string_view> get() const { return {names_.data(), size_}; }
  constexpr std::size_t size() const { return size_; }

 private:
  std::array<std::string_view, kMax> names_{};
  std::size_t size_ = 0;
};

// A metric, declared exactly once as a constexpr object in its collector's file. The
// exposition, docs/metrics.md and the contract test use it.
struct MetricDesc {
  std::string_view name;
  MetricType type = MetricType::kGauge;
  std::string_view help;  // one line; says if the value is sampled in the background
  LabelNames labels;
};

}  // namespace volumeter
