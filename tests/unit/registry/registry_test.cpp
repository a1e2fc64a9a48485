// SPDX-License-Identifier: Apache-2.0
#include "exporter/registry/registry.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>

#include "exporter/registry/metric_docs.h"
#include "tests/support/captured_log.h"

namespace volumeter::registry_test {
namespace {

using std::chrono::seconds;
using test::CapturedLog;

constexpr MetricDesc kValue{"value", MetricType::kGauge, "A value.", {"collector"}};
constexpr const MetricDesc* kAll[] = {&kValue};

// Gives one sample named after itself, after doing what the test wants.
class ScriptedCollector final : public Collector {
 public:
  ScriptedCollector(std::string name, std::function<void()> act)
      : name_(std::move(name)), act_(std::move(act)) {}

  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot&) const override {
    MetricFamilies out;
    out.add(kValue, {out.keep(Label(name_))}, 1);
    act_();
    return out;
  }

 private:
  std::string name_;
  std::function<void()> act_;
};

// A registry of scripted collectors with a clock that they may move.
struct Fixture {
  CapturedLog log;
  SteadyTime now{};
  std::vector<NamedCollector> collectors;

  void add(
      std::string_view name, std::function<void()> act = [] {}) {
    collectors.push_back(
        {name, std::make_unique<ScriptedCollector>(std::string(name), std::move(act))});
  }

  void add_slow(std::string_view name, seconds duration) {
    add(name, [this, duration] { now += duration; });
  }

  Registry registry() {
    return Registry(
        std::move(collectors), [this] { return now; }, log.log);
  }
};

MetricFamilies gathered(const Registry& registry, const Selection& selection = {},
                        std::optional<SteadyTime> deadline = {}) {
  return registry.gather(HostSnapshot{}, selection, deadline);
}

// The value of `metric` for a collector, if there is one.
std::optional<double> value(const MetricFamilies& families, std::string_view metric,
                            std::string_view collector) {
  for (const Family& family : families.families()) {
    if (family.desc().name != metric) continue;
    for (std::size_t i = 0; i < family.values().size(); ++i) {
      if (family.labels(i)[0].text() == collector) return family.values()[i];
    }
  }
  return {};
}

std::optional<double> success(const MetricFamilies& families, std::string_view collector) {
  return value(families, "volumeter_scrape_collector_success", collector);
}

std::optional<double> duration(const MetricFamilies& families, std::string_view collector) {
  return value(families, "volumeter_scrape_collector_duration_seconds", collector);
}

TEST_CASE("success and duration of each collector are exported") {
  Fixture fixture;
  fixture.add("quick");
  fixture.add_slow("slow", seconds(3));
  const auto families = gathered(fixture.registry());
  CHECK(value(families, "value", "quick") == 1.0);
  CHECK(success(families, "quick") == 1.0);
  CHECK(duration(families, "quick") == 0.0);
  CHECK(success(families, "slow") == 1.0);
  CHECK(duration(families, "slow") == 3.0);
}

TEST_CASE("a collector that throws anything loses only its own metrics") {
  Fixture fixture;
  fixture.add("before");
  fixture.add("thrower", [] { throw std::runtime_error("index out of range"); });
  fixture.add("odd thrower", [] { throw 42; });
  fixture.add("after");
  const auto families = gathered(fixture.registry());
  CHECK(success(families, "before") == 1.0);
  CHECK(success(families, "thrower") == 0.0);
  CHECK(success(families, "odd thrower") == 0.0);
  CHECK(success(families, "after") == 1.0);
  CHECK(value(families, "value", "before") == 1.0);
  CHECK_FALSE(value(families, "value", "thrower"));
  CHECK_FALSE(value(families, "value", "odd thrower"));
  CHECK(value(families, "value", "after") == 1.0);
  CHECK(duration(families, "thrower"));
}

TEST_CASE("a failing collector is logged once until it works again") {
  Fixture fixture;
  bool broken = true;
  fixture.add("flaky", [&] {
    if (broken) throw std::runtime_error("out of luck");
  });
  const Registry registry = fixture.registry();
  const std::string line =
      "error subject=collector collector=flaky msg=\"failed; metrics missing from the scrape; "
      "please "
      "report this bug\" error=\"out of luck\"";
  gathered(registry);
  gathered(registry);
  CHECK(fixture.log.count(line) == 1);
  broken = false;
  gathered(registry);
  broken = true;
  gathered(registry);
  CHECK(fixture.log.count(line) == 2);
}

TEST_CASE("a scrape gets the selected collectors") {
  Fixture fixture;
  for (const auto* name : {"a", "b", "c"}) fixture.add(name);
  const Registry registry = fixture.registry();

  const auto only = gathered(registry, {.only = {"c", "a"}, .without = {}});
  CHECK(success(only, "a"));
  CHECK_FALSE(success(only, "b"));
  CHECK(success(only, "c"));

  const auto without = gathered(registry, {.only = {}, .without = {"b"}});
  CHECK(success(without, "a"));
  CHECK_FALSE(success(without, "b"));
  CHECK_FALSE(value(without, "value", "b"));
}

TEST_CASE("has() finds collectors by name") {
  Fixture fixture;
  fixture.add("sizes");
  const Registry registry = fixture.registry();
  CHECK(registry.has("sizes"));
  CHECK_FALSE(registry.has("size"));
  CHECK_FALSE(registry.has(""));
}

TEST_CASE("collectors not started by the deadline are skipped with success 0") {
  Fixture fixture;
  fixture.add_slow("first", seconds(5));
  fixture.add_slow("second", seconds(5));
  fixture.add("third");
  const auto deadline = fixture.now + seconds(6);
  const auto families = gathered(fixture.registry(), {}, deadline);
  CHECK(success(families, "first") == 1.0);
  CHECK(success(families, "second") == 1.0);
  CHECK(success(families, "third") == 0.0);
  CHECK_FALSE(value(families, "value", "third"));
}

TEST_CASE("describe() lists the metrics of all collectors and of the registry") {
  Fixture fixture;
  fixture.add("a");
  const auto descs = fixture.registry().describe();
  REQUIRE(descs.size() == 3);
  CHECK(descs[0] == &kValue);
  CHECK(descs[1]->name == "volumeter_scrape_collector_duration_seconds");
  CHECK(descs[2]->name == "volumeter_scrape_collector_success");
  CHECK(metric_docs({&kValue}).find("| `value` | gauge | collector | A value. |\n") !=
        std::string::npos);
}

}  // namespace
}  // namespace volumeter::registry_test
