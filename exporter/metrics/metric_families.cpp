// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/metric_families.h"

#include <algorithm>
#include <iterator>

namespace volumeter {

void Family::append(Family&& other) {
  labels_.insert(labels_.end(), other.labels_.begin(), other.labels_.end());
  values_.insert(values_.end(), other.values_.begin(), other.values_.end());
  std::move(other.histograms_.begin(), other.histograms_.end(), std::back_inserter(histograms_));
}

Family& MetricFamilies::operator[](const MetricDesc& desc) {
  const auto found = std::find_if(families_.begin(), families_.end(), [&](const Family& family) {
    return family.desc().name == desc.name;
  });
  return found != families_.end() ? *found : families_.emplace_back(desc);
}

void MetricFamilies::merge(MetricFamilies&& other) {
  for (Family& family : other.families_) {
    (*this)[family.desc()].append(std::move(family));
  }
  // Moving a label may move its characters when they are short, and views point at them:
  // whole deques change owner instead of their elements.
  kept_others_.push_back(std::move(other.kept_));
  std::move(other.kept_others_.begin(), other.kept_others_.end(),
            std::back_inserter(kept_others_));
}

}  // namespace volumeter
