// SPDX-License-Identifier: Apache-2.0
#include "exporter/exposition/text_format.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace volumeter::text_format_test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr MetricDesc kUp{"docker_up", MetricType::kGauge, "Whether the engine answers.", {}};
constexpr MetricDesc kSize{
    "docker_volume_size_bytes", MetricType::kGauge, "Size. Sampled.", {"volume"}};
constexpr MetricDesc kContainers{
    "docker_volume_containers", MetricType::kGauge, "Containers.", {"volume", "state"}};
constexpr MetricDesc kRead{
    "docker_volume_read_bytes_total", MetricType::kCounter, "Bytes read.", {"volume"}};
constexpr MetricDesc kLatency{"docker_volume_io_latency_seconds",
                              MetricType::kHistogram,
                              "Time of an operation.",
                              {"volume", "operation"}};

std::string text(const MetricFamilies& families) { return render(families, Format::kText004); }

std::string openmetrics(const MetricFamilies& families) {
  return render(families, Format::kOpenMetrics100);
}

// The text of `value` in a sample line.
std::string number(double value) {
  MetricFamilies families;
  families.add(kUp, {}, value);
  const std::string body = text(families);
  const auto begin = body.rfind(' ') + 1;
  return body.substr(begin, body.size() - begin - 1);
}

}  // namespace

TEST_CASE("a family has HELP, TYPE and one line per sample") {
  const Label db("openclaw_db");
  MetricFamilies families;
  families.add(kUp, {}, 1);
  families.add(kContainers, {db, "running"}, 2);
  families.add(kContainers, {db, "stopped"}, 0);

  CHECK(text(families) ==
        "# HELP docker_up Whether the engine answers.\n"
        "# TYPE docker_up gauge\n"
        "docker_up 1\n"
        "# HELP docker_volume_containers Containers.\n"
        "# TYPE docker_volume_containers gauge\n"
        "docker_volume_containers{volume=\"openclaw_db\",state=\"running\"} 2\n"
        "docker_volume_containers{volume=\"openclaw_db\",state=\"stopped\"} 0\n");
}

TEST_CASE("OpenMetrics families have no _total, have a unit and end with EOF") {
  const Label db("db");
  MetricFamilies families;
  families.add(kSize, {db}, 5);
  families.add(kRead, {db}, 7);

  CHECK(openmetrics(families) ==
        "# HELP docker_volume_size_bytes Size. Sampled.\n"
        "# TYPE docker_volume_size_bytes gauge\n"
        "# UNIT docker_volume_size_bytes bytes\n"
        "docker_volume_size_bytes{volume=\"db\"} 5\n"
        "# HELP docker_volume_read_bytes Bytes read.\n"
        "# TYPE docker_volume_read_bytes counter\n"
        "# UNIT docker_volume_read_bytes bytes\n"
        "docker_volume_read_bytes_total{volume=\"db\"} 7\n"
        "# EOF\n");
  CHECK(text(families).find("# TYPE docker_volume_read_bytes_total counter\n") !=
        std::string::npos);
}

TEST_CASE("a family without samples is omitted") {
  MetricFamilies families;
  families[kUp];
  families.add(kSize, {"db"}, std::nullopt);
  CHECK(text(families).empty());
  CHECK(openmetrics(families) == "# EOF\n");
}

TEST_CASE("a histogram has cumulative buckets, sum and count") {
  const Label db("db");
  MetricFamilies families;
  const LabelRef labels[] = {db, "read"};
  families[kLatency].add_histogram(labels, {{{0.5, 3}, {1, 4}, {kInfinity, 6}}, 12.25});
  const std::string expected =
      "docker_volume_io_latency_seconds_bucket{volume=\"db\",operation=\"read\",le=\"0.5\"} 3\n"
      "docker_volume_io_latency_seconds_bucket{volume=\"db\",operation=\"read\",le=\"1.0\"} 4\n"
      "docker_volume_io_latency_seconds_bucket{volume=\"db\",operation=\"read\",le=\"+Inf\"} 6\n"
      "docker_volume_io_latency_seconds_sum{volume=\"db\",operation=\"read\"} 12.25\n"
      "docker_volume_io_latency_seconds_count{volume=\"db\",operation=\"read\"} 6\n";
  CHECK(text(families) ==
        "# HELP docker_volume_io_latency_seconds Time of an operation.\n"
        "# TYPE docker_volume_io_latency_seconds histogram\n" +
            expected);
  CHECK(openmetrics(families).find(expected) != std::string::npos);
}

TEST_CASE("bucket bounds are canonical OpenMetrics floats") {
  constexpr MetricDesc desc{"x", MetricType::kHistogram, "x", {}};
  MetricFamilies families;
  families[desc].add_histogram(
      {}, {{{0.0001, 0}, {0.001, 0}, {10, 0}, {100000, 0}, {1e6, 0}, {kInfinity, 0}}, 0});
  const std::string body = openmetrics(families);
  for (const std::string bound : {"0.0001", "0.001", "10.0", "100000.0", "1e+06", "+Inf"}) {
    CHECK(body.find("x_bucket{le=\"" + bound + "\"} 0\n") != std::string::npos);
  }
}

TEST_CASE("integers are written in full up to 2^53") {
  CHECK(number(0) == "0");
  CHECK(number(-0.0) == "0");
  CHECK(number(-1) == "-1");
  CHECK(number(1234567890123456) == "1234567890123456");
  CHECK(number(9007199254740992) == "9007199254740992");
  CHECK(number(-9007199254740992) == "-9007199254740992");
}

TEST_CASE("other numbers convert back to the same double") {
  for (const double value : {0.1, 1795408121.3997363, 1e300, 5e-324, 1.8446744073709552e19,
                             -2.2250738585072014e-308, std::numeric_limits<double>::max()}) {
    CHECK(std::strtod(number(value).c_str(), nullptr) == value);
  }
  CHECK(number(0.25) == "0.25");
  CHECK(number(1795408121.3997364) == "1795408121.3997364");
  CHECK(number(std::nan("")) == "NaN");
  CHECK(number(kInfinity) == "+Inf");
  CHECK(number(-kInfinity) == "-Inf");
}

TEST_CASE("HELP is escaped for each format") {
  constexpr MetricDesc desc{"x", MetricType::kGauge, "a \"b\" \\ c\nd", {}};
  MetricFamilies families;
  families.add(desc, {}, 1);
  CHECK(text(families) == "# HELP x a \"b\" \\\\ c\\nd\n# TYPE x gauge\nx 1\n");
  CHECK(openmetrics(families) == "# HELP x a \\\"b\\\" \\\\ c\\nd\n# TYPE x gauge\nx 1\n# EOF\n");
}

TEST_CASE("escaped labels of any length are written unchanged") {
  const Label longest(std::string(Label::kMaxBytes, '"'));
  const Label nasty("a\"b\\c\nd\xff");
  MetricFamilies families;
  for (int i = 0; i < 50; ++i) families.add(kContainers, {longest, nasty}, 1e-300);
  const std::string line = "docker_volume_containers{volume=\"" + longest.escaped() +
                           "\",state=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\"} 1e-300\n";
  const std::string body = text(families);
  CHECK(body.size() - body.find("docker_volume_containers{") == 50 * line.size());
  CHECK(body.ends_with(line));
}

}  // namespace volumeter::text_format_test
