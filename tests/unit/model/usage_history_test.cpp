// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/usage_history.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace volumeter::usage_history_test {
namespace {

VolumeFacts volume(std::string name, VolumeUse use) {
  VolumeFacts facts;
  facts.name = std::move(name);
  facts.use = use;
  return facts;
}

Inventory host(std::vector<VolumeFacts> volumes) {
  Inventory inventory;
  inventory.volumes = std::move(volumes);
  return inventory;
}

VolumeFacts in_use(std::string name) { return volume(std::move(name), VolumeUse::kInUse); }
VolumeFacts idle(std::string name) { return volume(std::move(name), VolumeUse::kIdle); }
VolumeFacts orphaned(std::string name) { return volume(std::move(name), VolumeUse::kOrphaned); }

VolumeFacts made_at(VolumeFacts facts, double created) {
  facts.created = created;
  return facts;
}

VolumeFacts released_at(VolumeFacts facts, double released) {
  facts.last_released = released;
  return facts;
}

WallTime at(double seconds) { return from_unix_seconds(seconds); }

// What a history knows of one volume that is looked at again and again.
struct Watched {
  UsageHistory history;

  bool look(VolumeFacts facts, double time) {
    return history.observe(host({std::move(facts)}), at(time));
  }

  const VolumeTimes& times() const { return history.times().begin()->second; }

  // The agent ends at `ended` and starts again, with nothing but the state file.
  void restart(double ended) {
    const std::string text = history.to_text(at(ended));
    history = UsageHistory();
    const auto bad = history.restore(text);
    REQUIRE(bad);
    REQUIRE(*bad == 0);
  }
};

TEST_CASE("a volume never seen in use is unused since it was first seen") {
  Watched db;
  CHECK(db.look(orphaned("db"), 1000));
  CHECK_FALSE(db.look(orphaned("db"), 2000));
  CHECK_FALSE(db.times().last_used);
  CHECK(db.times().unused_since() == 1000.0);
}

TEST_CASE("a volume in use has no unused-since time") {
  Watched db;
  CHECK(db.look(in_use("db"), 1000));
  CHECK_FALSE(db.look(in_use("db"), 1500));
  CHECK(db.times().in_use);
  CHECK_FALSE(db.times().unused_since());
}

TEST_CASE("a volume's last use is when it was first observed out of use") {
  Watched db;
  db.look(in_use("db"), 1000);
  CHECK(db.look(orphaned("db"), 2000));
  CHECK(db.times().last_used == 2000.0);
  CHECK(db.times().unused_since() == 2000.0);
  CHECK_FALSE(db.look(orphaned("db"), 3000));
  CHECK(db.times().unused_since() == 2000.0);
}

TEST_CASE("a volume in use again keeps the time of its previous last use") {
  Watched db;
  db.look(in_use("db"), 1000);
  db.look(idle("db"), 2000);
  CHECK(db.look(in_use("db"), 3000));
  CHECK_FALSE(db.times().unused_since());
  CHECK(db.look(idle("db"), 4000));
  CHECK(db.times().unused_since() == 4000.0);
}

TEST_CASE("changing from idle to orphaned does not count as use") {
  Watched db;
  db.look(in_use("db"), 1000);
  db.look(idle("db"), 2000);
  CHECK_FALSE(db.look(orphaned("db"), 3000));
  CHECK(db.times().last_used == 2000.0);
}

TEST_CASE("a container's end time proves a use that was not observed") {
  Watched db;
  db.look(released_at(idle("db"), 400), 1000);
  CHECK(db.times().first_seen == 1000);
  CHECK(db.times().unused_since() == 400.0);
  CHECK(db.look(released_at(idle("db"), 1500), 2000));
  CHECK(db.times().last_used == 1500.0);
}

TEST_CASE("an older container's end time does not move the last use back") {
  Watched db;
  db.look(in_use("db"), 1000);
  db.look(released_at(idle("db"), 400), 2000);
  CHECK(db.times().last_used == 2000.0);
}

TEST_CASE("a restart of the agent alone does not change the history") {
  Watched db;
  db.look(in_use("db"), 1000);
  db.look(orphaned("db"), 2000);
  db.restart(2500);
  CHECK_FALSE(db.look(orphaned("db"), 9000));
  CHECK(db.times().first_seen == 1000);
  CHECK(db.times().unused_since() == 2000.0);
}

TEST_CASE(
    "a volume that went out of use while no agent ran was last used at the last observation") {
  Watched db;
  db.look(in_use("db"), 1000);
  db.restart(2000);
  CHECK(db.look(orphaned("db"), 9000));
  CHECK(db.times().last_used == 2000.0);
}

TEST_CASE("after its first observation a restarted agent uses its own observations") {
  Watched db;
  db.look(in_use("db"), 1000);
  db.restart(2000);
  db.look(in_use("db"), 9000);
  db.look(orphaned("db"), 9500);
  CHECK(db.times().last_used == 9500.0);
}

TEST_CASE("a container's end time while no agent ran takes precedence over the last observation") {
  Watched db;
  db.look(in_use("db"), 1000);
  db.restart(2000);
  db.look(released_at(idle("db"), 5000), 9000);
  CHECK(db.times().last_used == 5000.0);
}

TEST_CASE("a volume recreated under the same name starts a new history") {
  Watched db;
  db.look(made_at(in_use("db"), 900), 1000);
  db.look(made_at(orphaned("db"), 900), 2000);
  CHECK(db.look(made_at(orphaned("db"), 2500), 3000));
  CHECK(db.times().first_seen == 3000);
  CHECK_FALSE(db.times().last_used);
}

TEST_CASE("a volume recreated while no agent ran starts a new history") {
  Watched db;
  db.look(made_at(orphaned("db"), 900), 1000);
  db.restart(2000);
  db.look(made_at(orphaned("db"), 5000), 9000);
  CHECK(db.times().unused_since() == 9000.0);
}

// Docker before 23 gives the ctime of _data, which each file made in it renews.
TEST_CASE("a volume whose creation time changes while in use keeps its history") {
  Watched db;
  db.look(made_at(in_use("db"), 900), 1000);
  CHECK(db.look(made_at(orphaned("db"), 1800), 2000));
  CHECK(db.times().first_seen == 1000);
  CHECK(db.times().last_used == 2000.0);
}

TEST_CASE("a creation time before the last observation does not start a new history") {
  Watched db;
  db.look(made_at(orphaned("db"), 900), 1000);
  CHECK_FALSE(db.look(made_at(orphaned("db"), 950), 2000));
  CHECK(db.times().first_seen == 1000);
}

TEST_CASE("a removed volume is forgotten") {
  UsageHistory history;
  history.observe(host({orphaned("a"), orphaned("b")}), at(1000));
  CHECK(history.observe(host({orphaned("b")}), at(2000)));
  CHECK(history.times().size() == 1);
  CHECK(history.times().contains("b"));
  history.observe(host({orphaned("a"), orphaned("b")}), at(3000));
  CHECK(history.times().at("a").first_seen == 3000);
}

TEST_CASE("a clock set back, as at boot, does not move a last use back") {
  Watched db;
  db.look(in_use("db"), 9000);
  db.look(orphaned("db"), 1000);
  CHECK(db.times().last_used == 9000.0);

  Watched over_a_restart;
  over_a_restart.look(in_use("db"), 9000);
  over_a_restart.restart(9500);
  over_a_restart.look(orphaned("db"), 1000);
  CHECK(over_a_restart.times().last_used == 9500.0);
  over_a_restart.restart(1000);  // what is saved does not go back either
  over_a_restart.look(in_use("db"), 1001);
  over_a_restart.look(orphaned("db"), 1002);
  CHECK(over_a_restart.times().last_used == 9500.0);
}

TEST_CASE("no time is before the volume was made") {
  Watched fresh;
  fresh.look(made_at(orphaned("fresh"), 5000), 60);  // a clock that begins in 1970
  CHECK(fresh.times().unused_since() == 5000.0);
  Watched released;
  released.look(made_at(released_at(idle("db"), 70), 5000), 60);
  CHECK_FALSE(released.times().last_used);
}

TEST_CASE("a volume whose use is unknown was last used when that was last known") {
  Watched db;
  db.look(in_use("db"), 1000);
  db.look(volume("db", VolumeUse::kUnknown), 2000);
  db.look(volume("db", VolumeUse::kUnknown), 3000);
  CHECK(db.times().last_used == 2000.0);
}

TEST_CASE("a touch or chmod of a watched volume's directory does not start a new history") {
  UsageHistory history;
  const auto look = [&](double created, double time, std::uint64_t gaps) {
    VolumeFacts db = made_at(orphaned("db"), created);
    db.created_may_move = true;
    Inventory inventory = host({db});
    inventory.event_gaps = gaps;
    history.observe(inventory, at(time));
    return history.times().at("db").first_seen;
  };
  CHECK(look(900, 1000, 1) == 1000);
  CHECK(look(1500, 2000, 1) == 1000);
  // Events were missed: it may be another volume of that name, which has not been unused for long.
  CHECK(look(2500, 3000, 2) == 3000);
}

TEST_CASE(
    "a volume that events show to be made anew starts a new history, whatever its creation time") {
  Watched db;
  VolumeFacts facts = in_use("db");
  facts.created_may_move = true;
  db.look(facts, 1000);
  facts.use = VolumeUse::kOrphaned;
  db.look(facts, 2000);
  facts.remade_event = 60;  // by a clock that was set back
  db.look(facts, 3000);
  CHECK(db.times().first_seen == 3000);
  CHECK_FALSE(db.times().last_used);
  CHECK_FALSE(db.look(facts, 4000));
  CHECK(db.times().first_seen == 3000);
}

TEST_CASE("a use that only events show is the last use, once") {
  Watched job;
  VolumeFacts facts = made_at(orphaned("job"), 900);
  job.look(facts, 1000);
  facts.used_event = 60;  // by a clock that was set back
  CHECK(job.look(facts, 5000));
  CHECK(job.times().last_used == 5000.0);
  CHECK_FALSE(job.look(facts, 6000));
  CHECK(job.times().unused_since() == 5000.0);
}

TEST_CASE("a list that is not complete forgets no volume") {
  UsageHistory history;
  history.observe(host({in_use("a"), in_use("b")}), at(1000));
  Inventory partial = host({in_use("a")});
  partial.has_all_volumes = false;
  history.observe(partial, at(2000));
  CHECK(history.times().contains("b"));
  history.observe(host({in_use("a"), orphaned("b")}), at(3000));
  CHECK(history.times().at("b").last_used == 3000.0);
}

// --- the state file ---------------------------------------------------------------------

TEST_CASE("the state file is human-readable text") {
  UsageHistory history;
  history.observe(host({made_at(in_use("openclaw_database"), 900.5), orphaned("ci")}), at(1000));
  CHECK(history.to_text(at(1234.5)) ==
        "volumeter-state 1\n"
        "watched_until 1234.500\n"
        "volume 1000.000 - 0 - ci\n"
        "volume 1000.000 - 1 900.500 openclaw_database\n");
}

TEST_CASE("every name survives the state file") {
  const std::vector<std::string> names = {
      "plain", "two words", " ",         "a\nb",       "tab\there",
      "100%",  "%41",       "quote\"\\", "gr\xC3\xBC", "\xFF\x01",
      "\x7F",  "-",         "volume",    "a\r",        "watched_until 1"};
  UsageHistory history;
  std::vector<VolumeFacts> volumes;
  for (const auto& name : names) volumes.push_back(released_at(idle(name), 500));
  volumes.push_back(released_at(idle(std::string("nul\0x", 5)), 500));
  history.observe(host(volumes), at(1000));

  UsageHistory restored;
  const auto bad = restored.restore(history.to_text(at(2000)));
  REQUIRE(bad);
  CHECK(*bad == 0);
  REQUIRE(restored.times().size() == volumes.size());
  for (const auto& facts : volumes) {
    CAPTURE(facts.name);
    REQUIRE(restored.times().contains(facts.name));
    CHECK(restored.times().at(facts.name).last_used == 500.0);
  }
}

TEST_CASE("a damaged line is skipped, the others are restored") {
  UsageHistory history;
  const auto bad = history.restore(
      "volumeter-state 1\n"
      "watched_until soon\n"
      "volume 1000.000 - 0 - good\n"
      "volume\n"
      "volume 1000.000 - 2 - odd_flag\n"
      "volume - - 0 - never_seen\n"
      "volume nan - 0 - nan\n"
      "volume inf - 0 - inf\n"
      "volume -1 - 0 - negative\n"
      "volume 1e300 - 0 - huge\n"
      "volume 1000.000 - 0 - bad%zzescape\n"
      "volume 1000.000 - 0 - torn%4\n"
      "volume 1000.000 - 0 - one more\n"
      "volume 1000.000 - 0 -\n"
      "nonsense\n"
      "\n"
      "volume 1500.000 1200.000 0 900.000 last\n");
  REQUIRE(bad);
  CHECK(*bad == 13);
  CHECK(history.times().size() == 2);
  CHECK(history.times().contains("good"));
  CHECK(history.times().at("last").last_used == 1200.0);
}

TEST_CASE("a truncated state file is restored up to the cut or refused") {
  UsageHistory history;
  history.observe(host({in_use("a"), orphaned("b"), orphaned("c")}), at(1000));
  const std::string whole = history.to_text(at(2000));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    UsageHistory restored;
    const auto bad = restored.restore(whole.substr(0, length));
    CAPTURE(whole.substr(0, length));
    if (bad) CHECK(*bad <= 1);
    CHECK(restored.times().size() <= 3);
  }
}

TEST_CASE("a file of another kind or a later format is refused") {
  for (const std::string text : {"", "{}", "volumeter-state 2\nvolume 1 - 0 - a\n",
                                 "volumeter-state 1 \n", "\nvolumeter-state 1\n"}) {
    CAPTURE(text);
    UsageHistory history;
    const auto refused = history.restore(text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::kMalformed);
    CHECK(history.times().empty());
  }
}

TEST_CASE("without the time of the last observation the current one is used") {
  UsageHistory history;
  REQUIRE(history.restore("volumeter-state 1\nvolume 1000.000 - 1 - db\n"));
  history.observe(host({orphaned("db")}), at(5000));
  CHECK(history.times().at("db").last_used == 5000.0);
}

}  // namespace
}  // namespace volumeter::usage_history_test
