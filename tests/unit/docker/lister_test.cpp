// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/lister.h"

#include <catch2/catch.hpp>

#include "exporter/sources/docker/requests.h"
#include "tests/support/scripted_engine.h"

namespace volumeter::docker::lister_test {
namespace {

using namespace std::chrono_literals;
using test::ScriptedEngine;

constexpr auto kVolumeList = "/volumes";
constexpr auto kContainerList = "/containers/json?all=1";

const Error kNoResponse{ErrorKind::kTimeout, "GET /volumes", "no response within 10000 ms"};
const Error kBusy{ErrorKind::kIo, "GET /containers", "HTTP 500 context deadline exceeded"};

PendingChanges all_changes() {
  PendingChanges changes;
  changes.volumes = changes.all_details = changes.missed_events = true;
  return changes;
}

PendingChanges nothing() { return {}; }

// {"Id":ID,...} of a container with one volume.
std::string listed_container(const std::string& id, const std::string& state,
                             const std::string& volume, const std::string& more = "") {
  return R"({"Id":")" + id + R"(","Names":["/)" + id + R"("],"State":")" + state + R"(")" + more +
         R"(,"Mounts":[{"Type":"volume","Name":")" + volume +
         R"(","Destination":"/d","Driver":"local"}]})";
}

// A lister of a scripted engine, with clocks that the test moves.
class Listing {
 public:
  Listing() {
    engine.host().steady_now = [this] { return steady; };
    engine.host().now = [this] {
      return from_unix_seconds(1'795'000'000) + (steady - SteadyTime{});
    };
  }

  void list(const PendingChanges& changes = nothing()) {
    if (!lister.facts()) REQUIRE(lister.connect({}));
    REQUIRE(lister.list(lister.facts() ? changes : all_changes(), {}));
    inspect();
  }

  void inspect() {
    for (int i = 0; i < 1000 && !lister.has_all_details(); ++i) lister.inspect_some(steady, {});
  }

  // "a, b?": the question mark stands for "not listed".
  std::string volumes() const {
    std::string text;
    for (const Volume& volume : lister.facts()->volumes) {
      text += (text.empty() ? "" : ", ") + volume.name + (volume.is_listed ? "" : "?");
    }
    return text;
  }

  const Volume& volume(const std::string& name) const {
    for (const Volume& one : lister.facts()->volumes) {
      if (one.name == name) return one;
    }
    throw std::runtime_error("no volume " + name);
  }

  ScriptedEngine engine;
  SteadyTime steady = SteadyTime{} + 1h;
  Lister lister{engine.host(), ""};
};

}  // namespace

TEST_CASE("while the list of all drivers hangs, each driver is asked by itself") {
  Listing listing;
  listing.engine.answer("/info", R"({"Plugins":{"Volume":["slow","local"]}})");
  listing.engine.fail(kVolumeList, kNoResponse);
  listing.engine.answer(requests::volumes_of("local"),
                        R"({"Volumes":[{"Name":"a","Driver":"local"}]})");
  listing.engine.fail(requests::volumes_of("slow"), kNoResponse);
  listing.list();
  CHECK(listing.volumes() == "a");
  CHECK_FALSE(listing.lister.volumes_unanswered());
  CHECK(listing.lister.failure_of("slow"));
  CHECK_FALSE(listing.lister.facts()->has_all_volumes);

  // The list of all drivers is not sent again at once, that of the local one is.
  listing.engine.answer(requests::volumes_of("local"),
                        R"({"Volumes":[{"Name":"b","Driver":"local"}]})");
  listing.list();
  CHECK(listing.volumes() == "b");
  CHECK(listing.engine.times_asked(kVolumeList) == 1);
  CHECK(listing.engine.times_asked(requests::volumes_of("slow")) == 1);

  listing.engine.answer(kVolumeList, R"({"Volumes":[{"Name":"b","Driver":"local"},
                                                 {"Name":"s","Driver":"slow"}]})");
  listing.steady += 1min;
  listing.list();
  CHECK(listing.volumes() == "b, s");
  CHECK_FALSE(listing.lister.failure_of("slow"));
  CHECK(listing.lister.facts()->has_all_volumes);
}

TEST_CASE("no volume driver is blamed for an engine that ends during a list") {
  Listing listing;
  const std::string local = R"({"Volumes":[{"Name":"a","Driver":"local"}]})";
  listing.engine.answer(kVolumeList, local);
  listing.list();
  const Error reset{ErrorKind::kIo, "GET /volumes", "connection reset by peer"};
  for (const auto& request :
       {std::string(kVolumeList), requests::volumes_of("local"), std::string(kContainerList)}) {
    listing.engine.fail(request, reset);
  }
  CHECK_FALSE(listing.lister.list(all_changes(), {}));

  listing.engine.answer(kVolumeList, local);
  listing.engine.answer(kContainerList, "[]");
  REQUIRE(listing.lister.connect({}));
  listing.list(all_changes());
  CHECK(listing.volumes() == "a");
  CHECK_FALSE(listing.lister.failure_of("local"));
}

TEST_CASE("while no list answers, volumes of containers and of events are asked for by name") {
  Listing listing;
  listing.engine.fail(kVolumeList, kNoResponse);
  listing.engine.fail(requests::volumes_of("local"), kNoResponse);
  listing.engine.answer(kContainerList, "[" + listed_container("c1", "running", "pg") + "]");
  listing.engine.answer("/volumes/pg", R"({"Name":"pg","Driver":"local","Scope":"local",
                                           "Mountpoint":"/v/pg/_data","Options":{"o":"ro"}})");
  listing.list();
  CHECK(listing.volumes() == "pg");
  CHECK(listing.volume("pg").mountpoint == "/v/pg/_data");
  CHECK(listing.volume("pg").options.contains("o"));
  CHECK(listing.engine.times_asked("/volumes/pg") == 1);

  listing.engine.answer("/volumes/new", R"({"Name":"new","Driver":"local"})");
  PendingChanges created;
  created.volumes = true;
  created.created_volumes = {{"new", "local"}};
  listing.list(created);
  CHECK(listing.volumes() == "new, pg?");
  CHECK(listing.engine.times_asked("/volumes/pg") == 1);
  PendingChanges removed;
  removed.removed_volumes = {{"new", "local"}};
  listing.list(removed);
  CHECK(listing.volumes() == "pg?");
}

TEST_CASE("the event of a volume that comes when the list first fails asks for it by name") {
  Listing listing;
  listing.engine.answer(kVolumeList, R"({"Volumes":[{"Name":"a","Driver":"local"}]})");
  listing.list();
  listing.engine.fail(kVolumeList, kNoResponse);
  listing.engine.fail(requests::volumes_of("local"), kNoResponse);
  listing.engine.answer("/volumes/new", R"({"Name":"new","Driver":"local"})");
  PendingChanges created;
  created.volumes = true;
  created.created_volumes = {{"new", "local"}};
  listing.list(created);
  CHECK(listing.volumes() == "a?, new");
}

TEST_CASE("the volume of a plugin that the engine does not list is known from its container") {
  Listing listing;
  listing.engine.answer(kVolumeList, R"({"Volumes":[{"Name":"a","Driver":"local"}]})");
  listing.engine.answer(kContainerList, R"([{"Id":"c1","Names":["/c1"],"State":"exited","Mounts":[
      {"Type":"volume","Name":"a","Destination":"/a","Driver":"disabled"}]}])");
  listing.list();
  // Of two volumes of one name that of the container.
  CHECK(listing.volumes() == "a?");
  CHECK(listing.volume("a").driver == "disabled");
}

TEST_CASE("a failed inspection is retried after a pause that grows") {
  Listing listing;
  listing.engine.answer(kContainerList, "[" + listed_container("c1", "running", "v") + "]");
  listing.engine.fail("/containers/c1/json", kBusy);
  listing.list();
  CHECK(listing.lister.has_all_details());
  CHECK(listing.lister.facts()->details.empty());
  REQUIRE(listing.lister.next_retry());
  CHECK(*listing.lister.next_retry() - listing.steady == 5s);
  for (int second = 0; second < 3600; ++second) {
    listing.steady += 1s;
    listing.inspect();
  }
  const auto asked = listing.engine.times_asked("/containers/c1/json");
  CHECK(asked > 10);
  CHECK(asked < 25);
  listing.engine.answer("/containers/c1/json", R"({"HostConfig":{"ReadonlyRootfs":true}})");
  listing.steady += 5min;
  listing.inspect();
  CHECK(listing.lister.facts()->details.at("c1").readonly_rootfs);
  CHECK_FALSE(listing.lister.next_retry());
}

TEST_CASE("after a cut event stream only what may have changed is inspected again") {
  Listing listing;
  std::string all;
  for (int i = 0; i < 300; ++i) {
    all += listed_container("old" + std::to_string(i), "exited", "v",
                            R"(,"Status":"Exited (0) 3 days ago")") +
           ",";
  }
  all += listed_container("late", "exited", "v", R"(,"Status":"Exited (0) 9 minutes ago")") + ",";
  all += listed_container("alive", "running", "v", R"(,"Status":"Up 3 days")");
  listing.engine.answer(kContainerList, "[" + all + "]");
  for (int i = 0; i < 300; ++i) {
    listing.engine.answer("/containers/old" + std::to_string(i) + "/json", "{}");
  }
  listing.engine.answer("/containers/late/json", "{}");
  listing.engine.answer("/containers/alive/json", "{}");
  listing.list();
  const auto inspected = [&](const std::string& id) {
    return listing.engine.times_asked("/containers/" + id + "/json");
  };
  CHECK(inspected("old7") == 1);
  REQUIRE(listing.lister.connect({}));
  listing.list(all_changes());
  CHECK(inspected("old7") == 1);
  CHECK(inspected("late") == 2);
  CHECK(inspected("alive") == 2);
  listing.steady += 2h;  // nobody knows what happened in between
  listing.list(all_changes());
  CHECK(inspected("old7") == 2);
}

TEST_CASE("a few containers that do not run are inspected with each periodic list") {
  Listing listing;
  std::string all;
  for (int i = 0; i < 40; ++i) {
    const std::string id = "c" + std::to_string(i);
    all += (i == 0 ? "" : ",") + listed_container(id, "created", "v");
    listing.engine.answer("/containers/" + id + "/json", "{}");
  }
  listing.engine.answer(kContainerList, "[" + all + "]");
  listing.list();
  listing.engine.answer("/containers/c9/json", R"({"State":{"Error":"error mounting \"/x\""}})");
  const auto asked = [&] { return listing.engine.asked().size(); };
  const auto before = asked();
  listing.list();
  CHECK(asked() == before + 1);  // the list alone
  for (int minute = 0; minute < 3; ++minute) {
    listing.steady += 1min;
    listing.list();
  }
  CHECK(asked() == before + 4 + 3 * 16);
  CHECK_FALSE(listing.lister.facts()->details.at("c9").start_error.empty());
}

TEST_CASE("events show the use by a container that was never listed") {
  Listing listing;
  listing.engine.answer(kVolumeList, R"({"Volumes":[{"Name":"job","Driver":"local"},
                                                 {"Name":"other","Driver":"local"}]})");
  listing.list();
  CHECK_FALSE(listing.volume("job").used_at);
  listing.steady += 10s;
  PendingChanges changes;
  changes.used_volumes = {{"job", "local"}, {"other", "nfs"}};
  listing.list(changes);
  CHECK(listing.volume("job").used_at == listing.lister.facts()->taken_at);
  CHECK_FALSE(listing.volume("other").used_at);  // it is the one of another driver
  const auto used = listing.volume("job").used_at;
  listing.steady += 10s;
  listing.list();
  CHECK(listing.volume("job").used_at == used);
}

TEST_CASE("events show the use by a known container that has run since") {
  Listing listing;
  listing.engine.answer(kVolumeList, R"({"Volumes":[{"Name":"v","Driver":"local"}]})");
  listing.engine.answer(kContainerList, "[" + listed_container("c1", "created", "v") + "]");
  listing.engine.answer("/containers/c1/json", "{}");
  listing.list();
  listing.engine.answer(kContainerList, "[]");
  PendingChanges changes;
  changes.ran = {"c1"};
  listing.list(changes);
  CHECK(listing.volume("v").used_at);
}

TEST_CASE("events show that a volume is another one of the same name") {
  Listing listing;
  listing.engine.answer(kVolumeList, R"({"Volumes":[{"Name":"v","Driver":"local"}]})");
  listing.list();
  PendingChanges created;
  created.created_volumes = {{"v", "local"}};  // as docker run does for a volume that exists
  created.volumes = true;
  listing.list(created);
  CHECK_FALSE(listing.volume("v").remade_at);
  PendingChanges removed = created;
  removed.removed_volumes = {{"v", "local"}};
  listing.list(removed);
  CHECK(listing.volume("v").remade_at);
  CHECK(listing.lister.facts()->event_gaps == 1);  // the first list
}

}  // namespace volumeter::docker::lister_test
