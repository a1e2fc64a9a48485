// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/label.h"
#include "exporter/metrics/metric_desc.h"

namespace volumeter {

// A view of an escaped label value in the snapshot, a literal or a text kept by MetricFamilies;
// never of a temporary.
class LabelRef {
 public:
  LabelRef(const Label& label) : text_(label.escaped()) {}
  LabelRef(Label&&) = delete;
  // For a literal without characters that need escapes.
  template <std::size_t N>
  constexpr LabelRef(const char (&literal)[N]) : text_(literal, N - 1) {}

  static constexpr LabelRef literal(std::string_view text) { return LabelRef(text, 0); }

  constexpr std::string_view text() const { return text_; }

 private:
  constexpr LabelRef(std::string_view text, int) : text_(text) {}
  std::string_view text_;
};

struct HistogramBucket {
  double upper_bound = 0;
  std::uint64_t cumulative_count = 0;
};

struct HistogramValue {
  std::vector<HistogramBucket> buckets;  // ascending; the last bound is +Inf
  double sum = 0;
};

// The samples of a metric: values, each with the labels that the desc declares.
class Family {
 public:
  explicit Family(const MetricDesc& desc) : desc_(&desc) {}

  // Adds nothing for an absent value: unknown is absent, never zero.
  void add(std::initializer_list<LabelRef> labels, std::optional<double> value) {
    if (!value) return;
    append_labels({labels.begin(), labels.size()});
    values_.push_back(*value);
  }

  // For a number of labels known only at run time.
  void add_value(std::span<const LabelRef> labels, double value) {
    append_labels(labels);
    values_.push_back(value);
  }

  void add_histogram(std::span<const LabelRef> labels, HistogramValue value) {
    append_labels(labels);
    histograms_.push_back(std::move(value));
  }

  void append(Family&& other);

  const MetricDesc& desc() const { return *desc_; }
  std::size_t size() const { return values_.size() + histograms_.size(); }
  const std::vector<double>& values() const { return values_; }
  const std::vector<HistogramValue>& histograms() const { return histograms_; }

  std::span<const LabelRef> labels(std::size_t sample) const {
    const std::size_t width = desc_->labels.size();
    return {labels_.data() + sample * width, width};
  }

 private:
  void append_labels(std::span<const LabelRef> labels) {
    assert(labels.size() == desc_->labels.size());
    labels_.insert(labels_.end(), labels.begin(), labels.end());
  }

  const MetricDesc* desc_;
  std::vector<LabelRef> labels_;
  std::vector<double> values_;
  std::vector<HistogramValue> histograms_;
};

// The output of collectors: unique families in order of first use, so that an exposition never has
// two HELP lines of one name.
class MetricFamilies {
 public:
  // The family of `desc`, added if missing. The reference stays valid.
  Family& operator[](const MetricDesc& desc);

  void add(const MetricDesc& desc, std::initializer_list<LabelRef> labels,
           std::optional<double> value) {
    (*this)[desc].add(labels, value);
  }

  // Stores a label text that is not in the snapshot.
  const Label& keep(Label label) { return kept_.emplace_back(std::move(label)); }

  void merge(MetricFamilies&& other);

  const std::deque<Family>& families() const& { return families_; }
  const std::deque<Family>& families() const&& = delete;

 private:
  Family* find(std::string_view name);

  std::deque<Family> families_;
  std::deque<Label> kept_;
  std::list<std::deque<Label>> kept_others_;
};

}  // namespace volumeter
