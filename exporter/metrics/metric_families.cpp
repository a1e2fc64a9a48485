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

Family* MetricFamilies::find(std::string_view name) {
  const auto found = std::find_if(families_.begin(), families_.end(),
                                  [&](const Family& family) { return family.desc().name == name; });
  return found == families_.end() ? nullptr : &*found;
}

Family& MetricFamilies::operator[](const MetricDesc& desc) {
  Family* known = find(desc.name);
  return known != nullptr ? *known : families_.emplace_back(desc);
}

void MetricFamilies::merge(MetricFamilies&& other) {
  for (Family& family : other.families_) {
    if (Family* known = find(family.desc().name)) {
      known->append(std::move(family));
    } else {
      families_.push_back(std::move(family));
    }
  }
  // Moving a short string moves its characters, which views refer to. So whole deques are moved
  // instead of their elements.
  kept_others_.push_back(std::move(other.kept_));
  kept_others_.splice(kept_others_.end(), other.kept_others_);
}

}  // namespace volumeter
