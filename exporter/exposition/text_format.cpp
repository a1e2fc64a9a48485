// SPDX-License-Identifier: Apache-2.0
#include "exporter/exposition/text_format.h"

#include <charconv>
#include <cmath>
#include <cstdint>

namespace volumeter {
namespace {

// An append-only text buffer; lines are written in place.
class Buffer {
 public:
  explicit Buffer(std::size_t expected_bytes) { text_.resize(expected_bytes); }

  // Space for `bytes` more. Valid until the next call.
  char* room(std::size_t bytes) {
    if (text_.size() - used_ < bytes) text_.resize(text_.size() + text_.size() / 4 + bytes);
    return text_.data() + used_;
  }

  void written_up_to(const char* end) { used_ = static_cast<std::size_t>(end - text_.data()); }

  void append(std::string_view text) {
    char* const at = room(text.size());
    written_up_to(at + text.copy(at, text.size()));
  }

  std::string take() && {
    text_.resize(used_);
    return std::move(text_);
  }

 private:
  std::string text_;
  std::size_t used_ = 0;
};

// The fixed text of a metric's lines, built once per family, with a gap for each label value:
//   docker_volume_containers{volume="<gap>",state="<gap>"} <value>
class LinePattern {
 public:
  LinePattern(std::string name, std::span<const std::string_view> labels)
      : pieces_{std::move(name)} {
    for (const auto label : labels) {
      pieces_.back().append(pieces_.size() == 1 ? "{" : "\",").append(label).append("=\"");
      pieces_.emplace_back();
    }
    pieces_.back() += labels.empty() ? " " : "\"} ";
    for (const auto& piece : pieces_) bytes_ += piece.size();
  }

  const std::string& before(std::size_t label) const { return pieces_[label]; }
  const std::string& before_value() const { return pieces_.back(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::vector<std::string> pieces_;
  std::size_t bytes_ = 0;
};

char* put(char* at, std::string_view text) { return at + text.copy(at, text.size()); }

// -9007199254740992, -2.2250738585072014e-308
constexpr std::size_t kMaxNumberBytes = 24;

// Integers in full, so that byte counts stay readable; others with the fewest digits that convert
// back to the same double.
char* put_number(char* at, double value) {
  constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
  if (std::isnan(value)) return put(at, "NaN");
  if (std::isinf(value)) return put(at, value > 0 ? "+Inf" : "-Inf");
  if (std::abs(value) <= kExactIntegers) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value) {
      return std::to_chars(at, at + kMaxNumberBytes, whole).ptr;
    }
  }
  return std::to_chars(at, at + kMaxNumberBytes, value).ptr;
}

void write_line(Buffer& out, const LinePattern& pattern, std::span<const LabelRef> labels,
                double value) {
  std::size_t bytes = pattern.bytes() + kMaxNumberBytes + 1;
  for (const auto label : labels) bytes += label.text().size();
  char* at = out.room(bytes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    at = put(put(at, pattern.before(i)), labels[i].text());
  }
  at = put_number(put(at, pattern.before_value()), value);
  *at++ = '\n';
  out.written_up_to(at);
}

// A bucket bound in OpenMetrics form, "1.0". Text 0.0.4 also allows "1", but in Prometheus 2 that
// is another series, so both formats use the same form.
std::string bound_text(double bound) {
  if (std::isinf(bound)) return "+Inf";
  char digits[32];
  const auto end = std::to_chars(digits, std::end(digits), bound, std::chars_format::general).ptr;
  std::string text(digits, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

void write_values(Buffer& out, const Family& family) {
  const auto& desc = family.desc();
  const LinePattern pattern(std::string(desc.name), desc.labels.get());
  for (std::size_t i = 0; i < family.values().size(); ++i) {
    write_line(out, pattern, family.labels(i), family.values()[i]);
  }
}

void write_histograms(Buffer& out, const Family& family) {
  const std::string name(family.desc().name);
  const auto labels = family.desc().labels.get();
  std::vector<std::string_view> bucket_labels(labels.begin(), labels.end());
  bucket_labels.push_back("le");
  const LinePattern bucket_line(name + "_bucket", bucket_labels);
  const LinePattern sum_line(name + "_sum", labels);
  const LinePattern count_line(name + "_count", labels);

  for (std::size_t i = 0; i < family.histograms().size(); ++i) {
    const HistogramValue& histogram = family.histograms()[i];
    if (histogram.buckets.empty()) continue;
    const auto identity = family.labels(i);
    std::vector<LabelRef> with_bound(identity.begin(), identity.end());
    for (const HistogramBucket& bucket : histogram.buckets) {
      const std::string bound = bound_text(bucket.upper_bound);
      with_bound.push_back(LabelRef::literal(bound));
      write_line(out, bucket_line, with_bound, static_cast<double>(bucket.cumulative_count));
      with_bound.pop_back();
    }
    write_line(out, sum_line, identity, histogram.sum);
    write_line(out, count_line, identity,
               static_cast<double>(histogram.buckets.back().cumulative_count));
  }
}

std::string escaped_help(std::string_view help, Format format) {
  std::string out;
  for (const char c : help) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (c == '"' && format == Format::kOpenMetrics100)) out += '\\';
    out += c;
  }
  return out;
}

// In OpenMetrics the family of a counter has no _total, only its samples do.
std::string_view family_name(const MetricDesc& desc, Format format) {
  constexpr std::string_view kTotal = "_total";
  const bool shorten = format == Format::kOpenMetrics100 && desc.type == MetricType::kCounter &&
                       desc.name.ends_with(kTotal);
  return shorten ? desc.name.substr(0, desc.name.size() - kTotal.size()) : desc.name;
}

void write_head(Buffer& out, const MetricDesc& desc, Format format) {
  const std::string name(family_name(desc, format));
  out.append("# HELP " + name + ' ' + escaped_help(desc.help, format) + '\n');
  out.append("# TYPE " + name + ' ' + std::string(to_string(desc.type)) + '\n');
  if (format != Format::kOpenMetrics100) return;
  for (const std::string unit : {"seconds", "bytes"}) {
    if (name.ends_with('_' + unit)) out.append("# UNIT " + name + ' ' + unit + '\n');
  }
}

// An estimate of the size: a buffer that grows is copied, and one much too large wastes memory.
std::size_t expected_bytes(const Family& family) {
  constexpr std::size_t kHeadBytes = 400;
  constexpr std::size_t kValueBytes = 12;
  const auto& desc = family.desc();
  const LinePattern pattern(std::string(desc.name), desc.labels.get());
  std::size_t bytes = kHeadBytes + family.values().size() * (pattern.bytes() + kValueBytes);
  for (std::size_t i = 0; i < family.values().size(); ++i) {
    for (const auto label : family.labels(i)) bytes += label.text().size();
  }
  return bytes;
}

std::size_t expected_bytes(const MetricFamilies& families) {
  std::size_t bytes = 0;
  for (const Family& family : families.families()) bytes += expected_bytes(family);
  return bytes;
}

}  // namespace

std::string render(const MetricFamilies& families, Format format) {
  Buffer out(expected_bytes(families));
  for (const Family& family : families.families()) {
    if (family.size() == 0) continue;
    write_head(out, family.desc(), format);
    write_values(out, family);
    if (!family.histograms().empty()) write_histograms(out, family);
  }
  if (format == Format::kOpenMetrics100) out.append("# EOF\n");
  return std::move(out).take();
}

}  // namespace volumeter
