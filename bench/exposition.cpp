// SPDX-License-Identifier: Apache-2.0
// What it costs to render 10 000 series of five labels, against prometheus-cpp's serializer
// on the same series in the same run.
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "exporter/exposition/gzip.h"
#include "exporter/exposition/text_format.h"

namespace {

using namespace volumeter;

constexpr int kVolumes = 1000;
constexpr int kFamilies = 10;
constexpr int kRounds = 30;

// Names of ten metrics with the labels of docker_volume_info.
constexpr LabelNames kLabels{"volume", "driver", "scope", "compose_project", "compose_volume"};
constexpr MetricDesc kDescs[kFamilies] = {
    {"docker_volume_size_bytes", MetricType::kGauge, "Help.", kLabels},
    {"docker_volume_allocated_bytes", MetricType::kGauge, "Help.", kLabels},
    {"docker_volume_inodes_used", MetricType::kGauge, "Help.", kLabels},
    {"docker_volume_limit_bytes", MetricType::kGauge, "Help.", kLabels},
    {"docker_volume_scan_duration_seconds", MetricType::kGauge, "Help.", kLabels},
    {"docker_volume_scan_timestamp_seconds", MetricType::kGauge, "Help.", kLabels},
    {"docker_volume_reads_total", MetricType::kCounter, "Help.", kLabels},
    {"docker_volume_writes_total", MetricType::kCounter, "Help.", kLabels},
    {"docker_volume_read_bytes_total", MetricType::kCounter, "Help.", kLabels},
    {"docker_volume_written_bytes_total", MetricType::kCounter, "Help.", kLabels}};

// Nine whole numbers for one fraction, as in a real scrape.
double value_of(int family, int volume) {
  return family == 5 ? 1795408121.3997363 + volume : 4096.0 * volume * (family + 1);
}

std::vector<Label> make_labels(int volume) {
  return {Label("openclaw_volume_" + std::to_string(volume)), Label("local"), Label("local"),
          Label("openclaw"), Label("volume_" + std::to_string(volume))};
}

MetricFamilies make_ours(const std::vector<std::vector<Label>>& labels) {
  MetricFamilies families;
  for (int f = 0; f < kFamilies; ++f) {
    for (int v = 0; v < kVolumes; ++v) {
      const auto& l = labels[static_cast<std::size_t>(v)];
      families.add(kDescs[f], {l[0], l[1], l[2], l[3], l[4]}, value_of(f, v));
    }
  }
  return families;
}

std::vector<prometheus::MetricFamily> make_theirs(const std::vector<std::vector<Label>>& labels) {
  std::vector<prometheus::MetricFamily> families;
  for (int f = 0; f < kFamilies; ++f) {
    prometheus::MetricFamily family{
        std::string(kDescs[f].name), "Help.", prometheus::MetricType::Gauge, {}};
    for (int v = 0; v < kVolumes; ++v) {
      prometheus::ClientMetric metric;
      for (std::size_t i = 0; i < kLabels.size(); ++i) {
        metric.label.push_back(
            {std::string(kLabels.get()[i]), labels[static_cast<std::size_t>(v)][i].plain()});
      }
      metric.gauge.value = value_of(f, v);
      family.metric.push_back(std::move(metric));
    }
    families.push_back(std::move(family));
  }
  return families;
}

// Median of the rounds, in nanoseconds.
template <typename Work>
double median_ns(Work work) {
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void report(const char* what, double ns) {
  std::printf("%-40s %8.3f ms %8.1f ns/series\n", what, ns / 1e6, ns / (kVolumes * kFamilies));
}

}  // namespace

int main() {
  std::vector<std::vector<Label>> labels;
  for (int v = 0; v < kVolumes; ++v) labels.push_back(make_labels(v));
  const MetricFamilies ours = make_ours(labels);
  const auto theirs = make_theirs(labels);
  const prometheus::TextSerializer serializer;
  GzipCompressor gzip;

  std::string body;
  const double text = median_ns([&] { body = render(ours, Format::kText004); });
  const double openmetrics = median_ns([&] { render(ours, Format::kOpenMetrics100); });
  std::string peer_body;
  const double peer = median_ns([&] { peer_body = serializer.Serialize(theirs); });
  const double packing = median_ns([&] { gzip.compress(body); });

  std::printf("%d series, %zu bytes (prometheus-cpp %zu)\n", kVolumes * kFamilies, body.size(),
              peer_body.size());
  report("text 0.0.4", text);
  report("OpenMetrics 1.0.0", openmetrics);
  report("prometheus-cpp TextSerializer", peer);
  report("gzip of the text", packing);
  std::printf("ratio to prometheus-cpp: %.3f\n", text / peer);
}
