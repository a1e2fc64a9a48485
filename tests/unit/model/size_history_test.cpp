// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/size_history.h"

#include <catch2/catch.hpp>

namespace volumeter::size_history_test {
namespace {

WallTime at(double seconds) { return from_unix_seconds(seconds); }

// A host with one volume, made at 1000, and one measured bind mount, on one filesystem.
Inventory host() {
  Inventory inventory;
  FilesystemFacts filesystem;
  filesystem.fstype = Label("ext4");
  filesystem.device = Label("/dev/vda1");
  inventory.filesystems.push_back(filesystem);
  VolumeFacts volume;
  volume.name = "db";
  volume.driver = Label("local");
  volume.path = "/var/lib/docker/volumes/db/_data";
  volume.created = 1000.25;
  volume.filesystem = 0;
  inventory.volumes.push_back(volume);
  BindFacts bind;
  bind.path = "/srv/my data";
  inventory.binds.push_back(bind);
  return inventory;
}

SizeReading reading(std::uint64_t bytes, double taken_at = 5000.5) {
  SizeReading reading;
  reading.space.value = SpaceUsage{.method = SizeMethod::kQuota,
                                   .apparent_bytes = {},
                                   .allocated_bytes = bytes,
                                   .inodes = 3,
                                   .limit_bytes = 1 << 20,
                                   .errors = 1,
                                   .last_modified = at(4000.5),
                                   .contents = {}};
  reading.space.taken_at = at(taken_at);
  reading.space.took = Seconds(2.5);
  reading.entries = 7;
  return reading;
}

SizeReadings both() { return {{"db", reading(4096)}, {"bind:/srv/my data", reading(8192)}}; }

// What is restored on `later` of what a run saved about `before`.
SizeReadings after_restart(const Inventory& before, const SizeReadings& readings,
                           const Inventory& later, double now = 9000) {
  SizeHistory history;
  REQUIRE(history.restore(SizeHistory().to_text(before, readings)).value() == 0);
  return history.take(later, at(now));
}

TEST_CASE("sizes survive a restart with the time of their measurement") {
  const SizeReadings restored = after_restart(host(), both(), host());
  REQUIRE(restored.size() == 2);
  const SizeReading& db = restored.at("db");
  CHECK(db.is_restored);
  CHECK(db.space.value == reading(4096).space.value);
  CHECK(unix_seconds(db.space.taken_at) == 5000.5);
  CHECK(db.space.took.count() == 2.5);
  CHECK(db.entries == 7);
  CHECK(restored.at("bind:/srv/my data").space.value->allocated_bytes == 8192);
}

TEST_CASE("a size is not that of another volume of the same name") {
  struct Case {
    const char* what;
    void (*change)(Inventory&);
    bool is_given;
  };
  const Case all[] = {
      {"the same", [](Inventory&) {}, true},
      {"created after the measurement", [](Inventory& host) { host.volumes[0].created = 6000; },
       false},
      {"created within the second of the measurement",
       [](Inventory& host) { host.volumes[0].created = 5000; }, false},
      {"created by a clock that was set back",
       [](Inventory& host) { host.volumes[0].created = 10; }, false},
      {"its directory changed before the measurement",
       [](Inventory& host) { host.volumes[0].created = 4000; }, true},
      {"no creation time", [](Inventory& host) { host.volumes[0].created.reset(); }, false},
      {"another driver", [](Inventory& host) { host.volumes[0].driver = Label("nfs"); }, false},
      {"another directory", [](Inventory& host) { host.volumes[0].path = "/data"; }, false},
      {"another disk", [](Inventory& host) { host.filesystems[0].device = Label("/dev/vdb1"); },
       false},
      {"not mounted", [](Inventory& host) { host.volumes[0].unmounted = true; }, false},
      {"perhaps not mounted", [](Inventory& host) { host.volumes[0].may_be_unmounted = true; },
       false},
      {"on no known filesystem", [](Inventory& host) { host.volumes[0].filesystem.reset(); },
       false},
      {"gone", [](Inventory& host) { host.volumes.clear(); }, false},
  };
  for (const Case& one : all) {
    CAPTURE(one.what);
    Inventory later = host();
    one.change(later);
    CHECK(after_restart(host(), both(), later).contains("db") == one.is_given);
  }
}

TEST_CASE("sizes from the future are not believed, and what lives in memory is not remembered") {
  CHECK(after_restart(host(), both(), host(), 100).empty());
  Inventory in_memory = host();
  in_memory.filesystems[0].fstype = Label("tmpfs");
  CHECK(after_restart(in_memory, both(), in_memory).empty());
}

TEST_CASE("each size is given once, as soon as the volume is found") {
  SizeHistory history;
  REQUIRE(history.restore(SizeHistory().to_text(host(), both())));
  Inventory unresolved = host();
  unresolved.volumes[0].filesystem.reset();
  CHECK_FALSE(history.take(unresolved, at(9000)).contains("db"));
  CHECK(history.take(host(), at(9000)).contains("db"));
  CHECK(history.take(host(), at(9000)).empty());
}

TEST_CASE("what could not be measured again is saved as it was, unless the volume is gone") {
  SizeHistory history;
  const std::string text = SizeHistory().to_text(host(), both());
  REQUIRE(history.restore(text));
  CHECK(history.to_text(host(), {}) == text);
  CHECK(history.to_text(Inventory{}, {}) == "volumeter-sizes 1\n");
}

TEST_CASE("a damaged line costs that line") {
  const std::string good = SizeHistory().to_text(host(), both());
  const std::string line = good.substr(good.find('\n') + 1, good.find('\n', 20) - 17);
  const std::string bad_lines[] = {
      "size",
      "nonsense 1 2 3",
      line.substr(0, line.size() / 2) + "\n",
      "size nan 1 walk 1 1 1 - 0 - 1 1 local ext4 d /p x\n",
      "size 1e10 1 walk 1 1 1 - 0 - 1 1 local ext4 d /p x\n",
      "size 1 -1 walk 1 1 1 - 0 - 1 1 local ext4 d /p x\n",
      "size 1 1 guess 1 1 1 - 0 - 1 1 local ext4 d /p x\n",
      "size 1 1 walk 18446744073709551616 1 1 - 0 - 1 1 local ext4 d /p x\n",
      "size 1 1 walk - 1 1 - 0 - 1 1 local ext4 d /p x\n",
      "size 1 1 walk 1 1 1 - 0 - 1 1 local ext4 d /p x more\n",
      "size 1 1 walk 1 1 1 - 0 - 1 1 local ext4 d /p %\n",
      "size 1 1 walk 1 1 1 - 0 - 1 1 local ext4 d /p %zz\n"};
  for (const std::string& bad : bad_lines) {
    CAPTURE(bad);
    SizeHistory history;
    const auto skipped = history.restore(good + bad);
    REQUIRE(skipped);
    CHECK(*skipped == 1);
    CHECK(history.take(host(), at(9000)).size() == 2);
  }
}

TEST_CASE("a text that is no file of sizes restores nothing") {
  for (const std::string text : {"", "volumeter-state 1\n", "volumeter-sizes 2\n", "\xff\n"}) {
    SizeHistory history;
    CHECK_FALSE(history.restore(text));
    CHECK(history.take(host(), at(9000)).empty());
  }
}

TEST_CASE("the saved text is bounded") {
  Inventory many = host();
  const VolumeFacts one = many.volumes[0];
  SizeReadings readings;
  for (int i = 0; i < 4000; ++i) {
    many.volumes.push_back(one);
    many.volumes.back().name = std::to_string(i);
    many.volumes.back().path = std::string(4000, 'p');
    readings.emplace(std::to_string(i), reading(1));
  }
  const std::string text = SizeHistory().to_text(many, readings);
  CHECK(text.size() <= SizeHistory::kMaxTextBytes);
  CHECK(SizeHistory().restore(text).value() == 0);
}

}  // namespace
}  // namespace volumeter::size_history_test
