// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/ticker.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "tests/support/eventually.h"

namespace volumeter::ticker_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::eventually;

TEST_CASE("a ticker runs its work at once and again after the pause") {
  std::atomic<int> rounds = 0;
  Ticker ticker([&](std::stop_token) {
    ++rounds;
    return milliseconds(1);
  });
  CHECK(eventually([&] { return rounds >= 5; }));
}

TEST_CASE("a sleeping ticker can be woken") {
  std::atomic<int> rounds = 0;
  Ticker ticker([&](std::stop_token) {
    ++rounds;
    return hours(1);
  });
  CHECK(eventually([&] { return rounds == 1; }));
  ticker.wake();
  CHECK(eventually([&] { return rounds == 2; }));
}

TEST_CASE("a wake-up during the work is not lost") {
  std::atomic<int> rounds = 0;
  std::atomic<bool> go_on = false;
  Ticker ticker([&](std::stop_token) {
    ++rounds;
    eventually([&] { return go_on.load(); });
    return hours(1);
  });
  CHECK(eventually([&] { return rounds == 1; }));
  ticker.wake();
  go_on = true;
  CHECK(eventually([&] { return rounds == 2; }));
}

TEST_CASE("a sleeping ticker stops at once") {
  std::atomic<int> rounds = 0;
  {
    Ticker ticker([&](std::stop_token) {
      ++rounds;
      return hours(1);
    });
    CHECK(eventually([&] { return rounds == 1; }));
  }
  CHECK(rounds == 1);
}

TEST_CASE("the work gets the stop request") {
  std::atomic<bool> begun = false;
  std::atomic<bool> told = false;
  {
    Ticker ticker([&](std::stop_token stop) {
      begun = true;
      told = eventually([&] { return stop.stop_requested(); });
      return hours(1);
    });
    CHECK(eventually([&] { return begun.load(); }));
  }
  CHECK(told);
}

TEST_CASE("a flag set before the wait ends that wait only") {
  WakeUp wake_up;
  wake_up.set();
  wake_up.set();
  CHECK(wake_up.wait_for({}, hours(1)));
  CHECK_FALSE(wake_up.wait_for({}, milliseconds(1)));
}

TEST_CASE("a stop ends a wait") {
  WakeUp wake_up;
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(wake_up.wait_for(stop.get_token(), hours(1)));
}

}  // namespace
}  // namespace volumeter::ticker_test
