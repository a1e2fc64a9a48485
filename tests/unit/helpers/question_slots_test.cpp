// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/question_slots.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace volumeter::question_slots_test {
namespace {

using namespace std::chrono_literals;
using Verdict = QuestionSlots::Verdict;

constexpr SteadyTime kStart{1h};
constexpr SlotLimits kSmall{.of_device = 2,
                            .of_container = 3,
                            .for_any = 4,
                            .for_known = 6,
                            .for_local = 8,
                            .remembered = 4};

struct Spot {
  int mount;
  std::string device{};
  std::string container{};
  bool is_local = false;
};

Place place_of(const Spot& spot) {
  Place place;
  place.path = "/" + std::to_string(spot.mount);
  place.mount_id = static_cast<std::uint64_t>(spot.mount);
  place.device = spot.device;
  place.container = spot.container;
  place.is_local = spot.is_local;
  return place;
}

// Slots and a clock that a test moves.
struct Bench {
  QuestionSlots slots{kSmall};
  SteadyTime now = kStart;

  QuestionSlots::Ticket open(const Spot& spot) {
    const Place place = place_of(spot);
    return slots.open(mount_key(place), place, now);
  }
  void answer(const Spot& spot) { slots.close(open(spot), true); }
  QuestionSlots::Decision decide(const Spot& spot) {
    const Place place = place_of(spot);
    return slots.decide(mount_key(place), place, now);
  }
};

TEST_CASE("what is asked depends on which questions are open, and for how long") {
  struct Row {
    std::string what;
    std::vector<Spot> open;
    Spot next;
    Verdict while_young;  // of the open ones
    Verdict once_overdue;
  };
  const std::vector<Spot> four{{1}, {2}, {3}, {4}};
  const std::vector<Spot> eight{{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}};
  const Row rows[] = {
      {"nothing is open", {}, {1}, Verdict::kAsk, Verdict::kAsk},
      {"a mount is asked once", {{1}}, {1}, Verdict::kWait, Verdict::kTimeout},
      {"another mount is asked", {{1}}, {2}, Verdict::kAsk, Verdict::kAsk},
      {"a device has its share",
       {{1, "nfs:a"}, {2, "nfs:a"}},
       {3, "nfs:a"},
       Verdict::kWait,
       Verdict::kNotAsked},
      {"another device is asked",
       {{1, "nfs:a"}, {2, "nfs:a"}},
       {3, "nfs:b"},
       Verdict::kAsk,
       Verdict::kAsk},
      {"an unknown device is none", {{1}, {2}}, {3}, Verdict::kAsk, Verdict::kAsk},
      {"a container has its share",
       {{1, "", "web"}, {2, "", "web"}, {3, "", "web"}},
       {4, "", "web"},
       Verdict::kWait,
       Verdict::kNotAsked},
      {"another container is asked",
       {{1, "", "web"}, {2, "", "web"}, {3, "", "web"}},
       {4, "", "db"},
       Verdict::kAsk,
       Verdict::kAsk},
      {"an unknown place finds all slots taken", four, {5}, Verdict::kWait, Verdict::kNotAsked},
      {"places are reserved for the host's own disks",
       four,
       {5, "254:1", "", true},
       Verdict::kAsk,
       Verdict::kAsk},
      {"the total bounds these too",
       eight,
       {9, "254:1", "", true},
       Verdict::kWait,
       Verdict::kNotAsked},
      {"the same mount is a timeout even where no slot is free",
       eight,
       {1},
       Verdict::kWait,
       Verdict::kTimeout},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Bench bench;
    for (const Spot& spot : row.open) bench.open(spot);
    CHECK(bench.decide(row.next).verdict == row.while_young);
    bench.now += 2s;
    CHECK(bench.decide(row.next).verdict == row.once_overdue);
  }
}

TEST_CASE("slots are reserved for places that answered before") {
  Bench bench;
  bench.answer({5});
  for (const int mount : {1, 2, 3, 4}) bench.open({mount});
  bench.now += 2s;
  CHECK(bench.decide({5}).verdict == Verdict::kAsk);
  CHECK(bench.decide({6}).verdict == Verdict::kNotAsked);
  bench.open({7});
  bench.open({8});
  bench.now += 2s;
  CHECK(bench.decide({5}).verdict == Verdict::kNotAsked);
}

TEST_CASE("a declined question says which share is used up") {
  Bench bench;
  bench.open({1, "nfs:a"});
  bench.open({2, "nfs:a"});
  bench.now += 2s;
  CHECK(bench.decide({3, "nfs:a"}).reason ==
        "2 earlier questions of the same device or server have no answer");
  CHECK(bench.decide({1}).reason == "still no answer to an earlier question");
  bench.open({3});
  bench.open({4});
  bench.now += 2s;
  CHECK(bench.decide({5}).reason == "4 earlier questions have no answer");
}

TEST_CASE("a closed question frees its slot") {
  Bench bench;
  const auto ticket = bench.open({1});
  bench.now += 2s;
  bench.slots.close(ticket, false);
  CHECK(bench.decide({1}).verdict == Verdict::kAsk);
  CHECK(bench.slots.open_questions() == 0);
  bench.slots.close(ticket, true);  // twice does no harm
}

TEST_CASE("local places come first, then those that answered before") {
  Bench bench;
  bench.answer({1});
  const auto priority = [&](const Spot& spot) {
    const Place place = place_of(spot);
    return bench.slots.priority(mount_key(place), place);
  };
  CHECK(priority({2, "", "", true}) == QuestionSlots::Priority::kLocal);
  CHECK(priority({1}) == QuestionSlots::Priority::kKnown);
  CHECK(priority({3}) == QuestionSlots::Priority::kOther);
}

TEST_CASE("only so many places that answered are remembered, the newest for certain") {
  Bench bench;
  for (int mount = 1; mount <= 100; ++mount) bench.answer({mount});
  int known = 0;
  for (int mount = 1; mount <= 100; ++mount) {
    const Place place = place_of({mount});
    if (bench.slots.priority(mount_key(place), place) == QuestionSlots::Priority::kKnown) ++known;
  }
  CHECK(known <= 4);
  const Place newest = place_of({100});
  CHECK(bench.slots.priority(mount_key(newest), newest) == QuestionSlots::Priority::kKnown);
}

TEST_CASE("a key is a mount of a namespace, or a path where the mount is unknown") {
  const Place host{{}, "/data", 7, {}, {}, false};
  const Place elsewhere{{}, "/other", 7, {}, {}, false};
  const Place inside{"/proc/42/root", "/data", 0, {}, "web", false};
  const Place unknown{{}, "/data", 0, {}, {}, false};
  CHECK(mount_key(host) == mount_key(elsewhere));
  CHECK(directory_key(host) != directory_key(elsewhere));
  CHECK(mount_key(inside) != mount_key(unknown));
  CHECK(mount_key(host) != mount_key(unknown));
  CHECK(directory_key(inside) != directory_key(unknown));
}

}  // namespace
}  // namespace volumeter::question_slots_test
