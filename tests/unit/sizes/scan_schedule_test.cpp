// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/scan_schedule.h"

#include <catch2/catch.hpp>

namespace volumeter::scan_schedule_test {
namespace {

using namespace std::chrono_literals;
using Kind = ScanSchedule::Turn::Kind;

SizeTarget target(const std::string& key, const std::string& mount_point = "/") {
  SizeTarget target;
  target.key = key;
  target.place.path = "/v/" + key;
  target.mount_point = mount_point;
  return target;
}

// A schedule and a clock; scans do as they are told here.
struct Bench {
  ScanSchedule schedule;
  SteadyTime now{1h};

  explicit Bench(ScanScheduleOptions options = {.cpu_share = 0.05}) : schedule(options) {}

  // The next one to start or to go on, after as much waiting as it takes; "" if none comes
  // within an hour.
  std::string next_key(Kind* kind = nullptr) {
    const SteadyTime end = now + 59min;
    while (now < end) {
      const auto turn = schedule.next(now, false);
      if (turn.kind != Kind::kWait) {
        if (kind != nullptr) *kind = turn.kind;
        return turn.key;
      }
      now = std::max(turn.until, now + 1ns);
    }
    return {};
  }

  // One step of `key` that costs so much, and the end of the scan if `done`.
  void step(const std::string& key, std::chrono::nanoseconds cpu, bool done, bool changed = false) {
    schedule.running(key, now);
    now += cpu;
    schedule.paused(key, cpu, now);
    if (done) {
      schedule.finished(key, 0ns, changed, now);
    } else {
      schedule.keep_place(key, now);
    }
  }

  void measure(const std::string& key) { step(key, 1ms, true); }
};

TEST_CASE("every target is measured once, then left alone for a while") {
  Bench bench;
  bench.schedule.set_targets({target("a"), target("b")});
  CHECK(bench.schedule.queue_length(bench.now) == 2);
  std::set<std::string> seen;
  for (int i = 0; i < 2; ++i) {
    const std::string key = bench.next_key();
    seen.insert(key);
    bench.measure(key);
  }
  CHECK(seen == std::set<std::string>{"a", "b"});
  CHECK(bench.schedule.queue_length(bench.now) == 0);
  const SteadyTime before = bench.now;
  bench.next_key();
  CHECK(bench.now - before > 25s);
  CHECK(bench.now - before < 10min);
}

TEST_CASE("a target that stands still is measured less and less often, one that changes soon") {
  Bench bench({.interval = 300s, .cpu_share = 0.05});
  bench.schedule.set_targets({target("a")});
  std::vector<std::chrono::nanoseconds> gaps;
  SteadyTime last = bench.now;
  for (const bool changed : {true, false, false, false, false, false, true}) {
    REQUIRE(bench.next_key() == "a");
    gaps.push_back(bench.now - last);
    last = bench.now;
    bench.step("a", 1ms, true, changed);
  }
  REQUIRE(bench.next_key() == "a");
  gaps.push_back(bench.now - last);
  CHECK(gaps[1] == 30s);
  CHECK(gaps[2] == 60s);
  CHECK(gaps[4] == 240s);
  CHECK(gaps[5] == 300s);
  CHECK(gaps[6] == 300s);
  CHECK(gaps[7] == 30s);
}

TEST_CASE("what takes long is measured less often, however much it changes") {
  Bench bench({.interval = 10s, .cpu_share = 0.05, .gap_factor = 20});
  bench.schedule.set_targets({target("a")});
  for (int i = 0; i < 100; ++i) {
    REQUIRE(bench.next_key() == "a");
    bench.step("a", 20ms, i == 99, true);
  }
  const SteadyTime ended = bench.now;
  REQUIRE(bench.next_key() == "a");
  CHECK(bench.now - ended >= 20 * 100 * 20ms);
}

TEST_CASE("a small target does not wait for a large one") {
  Bench bench;
  bench.schedule.set_targets({target("large")});
  REQUIRE(bench.next_key() == "large");
  for (int i = 0; i < 50; ++i) {
    bench.step("large", 20ms, false);
    REQUIRE(bench.next_key() == "large");
  }
  bench.schedule.set_targets({target("large"), target("small")});
  const SteadyTime came = bench.now;
  Kind kind = Kind::kWait;
  CHECK(bench.next_key(&kind) == "small");
  CHECK(kind == Kind::kStart);
  CHECK(bench.now - came < 1s);
  bench.measure("small");
  CHECK(bench.next_key(&kind) == "large");  // it has kept its place
  CHECK(kind == Kind::kResume);
}

TEST_CASE("large targets known as such leave places for small ones") {
  Bench bench;
  std::vector<SizeTarget> targets;
  for (int i = 0; i < 40; ++i) targets.push_back(target("large" + std::to_string(i)));
  bench.schedule.set_targets(targets);
  for (int i = 0; i < 40; ++i) {
    const std::string key = bench.next_key();
    bench.step(key, 1s, true);
  }
  bench.now += 1h;  // all of them are due again
  for (int i = 0; i < 200; ++i) {
    const std::string key = bench.next_key();
    bench.step(key, 20ms, false);
  }
  CHECK(bench.schedule.in_progress() == ScanSchedule::kMaxScans / 2);
  targets.push_back(target("small"));
  bench.schedule.set_targets(targets);
  bool came = false;
  for (int i = 0; i < 40 && !came; ++i) {
    const std::string key = bench.next_key();
    came = key == "small";
    bench.step(key, 20ms, came);
  }
  CHECK(came);
}

TEST_CASE("a scan in progress goes on even if there is always something new") {
  Bench bench;
  bench.schedule.set_targets({target("large")});
  REQUIRE(bench.next_key() == "large");
  bench.step("large", 20ms, false);
  std::vector<SizeTarget> targets{target("large")};
  bool went_on = false;
  for (int i = 0; i < 2000 && !went_on; ++i) {
    targets.push_back(target(std::to_string(i)));
    bench.schedule.set_targets(targets);
    const std::string key = bench.next_key();
    went_on = key == "large";
    bench.step(key, 20ms, key != "large");
  }
  CHECK(went_on);
}

TEST_CASE("all scans together keep to the budget") {
  const double share = GENERATE(0.01, 0.05, 0.5);
  Bench bench({.interval = 10s, .cpu_share = share, .gap_factor = 1});
  bench.schedule.set_targets({target("a"), target("b"), target("c")});
  std::chrono::nanoseconds spent{0};
  const SteadyTime began = bench.now;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = bench.next_key();
    const auto cpu = std::chrono::milliseconds(1 + i % 40);
    bench.step(key, cpu, i % 400 == 0, true);
    spent += cpu;
  }
  const double used = std::chrono::duration<double>(spent) / (bench.now - began);
  CHECK(used < share * 1.01);
  CHECK(used > share * 0.9);
}

TEST_CASE("a scan that waits for the disk leaves it half of the time to others") {
  Bench bench;
  bench.schedule.set_targets({target("cold")});
  std::chrono::nanoseconds ran{0};
  const SteadyTime began = bench.now;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(bench.next_key() == "cold");
    bench.schedule.running("cold", bench.now);
    bench.now += 500ms;
    ran += 500ms;
    bench.schedule.paused("cold", 1ms, bench.now);
  }
  const double share = std::chrono::duration<double>(ran) / (bench.now - began);
  CHECK(share < 0.52);
  CHECK(share > 0.45);
}

TEST_CASE("any number of large targets that nobody knows yet leave places for small ones") {
  const int count = GENERATE(12, 16, 100);
  Bench bench;
  std::vector<SizeTarget> targets;
  for (int i = 0; i < count; ++i) targets.push_back(target("large" + std::to_string(i)));
  bench.schedule.set_targets(targets);
  const auto step = [&](const std::string& key) {  // half a second that costs 20 ms
    bench.schedule.running(key, bench.now);
    bench.now += 500ms;
    bench.schedule.paused(key, 20ms, bench.now);
    bench.schedule.keep_place(key, bench.now);
  };
  for (int i = 0; i < 1000; ++i) {
    step(bench.next_key());
    REQUIRE(bench.schedule.in_progress() <= ScanSchedule::kMaxScans);
  }
  targets.push_back(target("small"));
  bench.schedule.set_targets(targets);
  const SteadyTime came = bench.now;
  while (true) {
    const std::string key = bench.next_key();
    if (key == "small") break;
    step(key);
    REQUIRE(bench.now - came < 10s);
  }
}

TEST_CASE("one that hung for long is not billed to the others") {
  Bench bench;
  bench.schedule.set_targets({target("far", "/nfs"), target("near")});
  const std::string far = bench.next_key();
  bench.schedule.running(far, bench.now);
  bench.now += 30s;
  bench.schedule.failed(far, 15s, bench.now);
  const SteadyTime failed = bench.now;
  CHECK_FALSE(bench.next_key().empty());
  CHECK(bench.now - failed < 5s);
}

TEST_CASE("without a budget there is no waiting, and three run at a time") {
  Bench bench({.cpu_share = 0});
  bench.schedule.set_targets({target("a"), target("b"), target("c"), target("d")});
  for (int i = 0; i < 3; ++i) {
    const auto turn = bench.schedule.next(bench.now, false);
    REQUIRE(turn.kind == Kind::kStart);
    bench.schedule.running(turn.key, bench.now);
  }
  CHECK(bench.schedule.next(bench.now, false).kind == Kind::kWait);
}

TEST_CASE("a scan that stalls holds up no other, wherever it lies") {
  Bench bench;
  bench.schedule.set_targets({target("far", "/nfs")});
  REQUIRE(bench.next_key() == "far");
  bench.schedule.running("far", bench.now);
  bench.schedule.set_targets({target("far", "/nfs"), target("further", "/nfs"), target("near")});
  CHECK(bench.schedule.next(bench.now, false).kind == Kind::kWait);
  CHECK(bench.next_key() == "further");
  bench.measure("further");
  CHECK(bench.next_key() == "near");
  CHECK(bench.schedule.running_since(bench.now - ScanSchedule::kStalledAfter) ==
        std::vector<std::string>{"far"});
}

TEST_CASE("stalled scans take no place of the others, up to a limit") {
  Bench bench({.cpu_share = 0});
  std::vector<SizeTarget> targets;
  for (std::size_t i = 0; i < 2 * ScanSchedule::kMaxStalled; ++i) {
    targets.push_back(target(std::to_string(i), "/nfs"));
  }
  bench.schedule.set_targets(targets);
  for (std::size_t i = 0; i < ScanSchedule::kMaxStalled; ++i) {
    const std::string key = bench.next_key();
    REQUIRE_FALSE(key.empty());
    bench.schedule.running(key, bench.now);
    bench.now += ScanSchedule::kStalledAfter;
  }
  CHECK(bench.schedule.next(bench.now, false).kind == Kind::kWait);
  CHECK(bench.schedule.in_progress() == ScanSchedule::kMaxStalled);
}

TEST_CASE("a failed one is tried again when it was said") {
  Bench bench;
  bench.schedule.set_targets({target("a")});
  REQUIRE(bench.next_key() == "a");
  bench.schedule.running("a", bench.now);
  bench.schedule.failed("a", 15s, bench.now);
  const SteadyTime failed = bench.now;
  CHECK(bench.next_key() == "a");
  CHECK(bench.now - failed == 15s);
}

TEST_CASE("nothing runs while others need the disk") {
  Bench bench;
  bench.schedule.set_targets({target("a")});
  CHECK(bench.schedule.next(bench.now, true).kind == Kind::kWait);
  CHECK(bench.schedule.next(bench.now, false).kind == Kind::kStart);
}

TEST_CASE("a target that moved is a new one, one that went is forgotten in the midst of its scan") {
  Bench bench;
  bench.schedule.set_targets({target("a"), target("b")});
  const std::string key = bench.next_key();
  bench.schedule.running(key, bench.now);
  CHECK(bench.schedule.set_targets({target("c")}).size() == 2);
  CHECK(bench.schedule.in_progress() == 0);
  CHECK_FALSE(bench.schedule.is_any_running());
  CHECK(bench.schedule.target(key) == nullptr);
  SizeTarget moved = target("c");
  moved.place.path = "/elsewhere";
  CHECK(bench.schedule.set_targets({moved}) == std::vector<std::string>{"c"});
  CHECK(bench.schedule.target("c")->place.path == "/elsewhere");
  CHECK(bench.schedule.set_targets({moved}).empty());
  CHECK(bench.next_key() == "c");
}

}  // namespace
}  // namespace volumeter::scan_schedule_test
