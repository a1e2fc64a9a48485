// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/watcher.h"

#include <catch2/catch.hpp>

#include "tests/unit/docker/watching.h"

namespace volumeter::docker::watcher_test {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::hasty;
using test::Watching;

constexpr auto kVolumes = "/volumes";
constexpr auto kContainers = "/containers/json?all=1";
constexpr auto kInspect = "/containers/aa11/json";
constexpr auto kVolumeCreate =
    R"({"Type":"volume","Action":"create","Actor":{"ID":"data1","Attributes":{}}})";

std::string volumes(std::initializer_list<std::string> names) {
  std::string text;
  for (const auto& name : names) {
    text += (text.empty() ? "" : ",") + ("{\"Name\":\"" + name + "\"}");
  }
  return R"({"Volumes":[)" + text + R"(],"Warnings":null})";
}

std::string container(const std::string& state) {
  return R"([{"Id":"aa11","Names":["/web"],"State":")" + state + R"(","Mounts":[]}])";
}

std::string container_event(const std::string& action) {
  return R"({"Type":"container","Action":")" + action + R"(","Actor":{"ID":"aa11"}})";
}

std::string started(const std::string& time) {
  return R"({"State":{"StartedAt":")" + time + R"("},"HostConfig":{}})";
}

}  // namespace

TEST_CASE("a watcher that was not started is down and has no facts") {
  Watching watching;
  CHECK_FALSE(watching->state().up);
  CHECK(watching->state().facts == nullptr);
  CHECK(watching->state().health.name == "docker");
  CHECK_FALSE(watching->state().health.last_good);
}

TEST_CASE("list_once() reads volumes, containers and their details") {
  Watching watching;
  watching.engine.answer(kVolumes, volumes({"b", "a"}));
  watching.engine.answer(kContainers, container("running"));
  watching.engine.answer(kInspect, started("2026-11-23T05:56:31Z"));
  watching->list_once({});
  const State state = watching->state();
  REQUIRE(state.up);
  CHECK(state.health.up);
  CHECK(state.health.last_good == state.facts->taken_at);
  CHECK(state.facts->engine.version == "20.10.24");
  CHECK(state.facts->volumes.at(0).name == "a");
  CHECK(state.facts->containers.at(0).name == "web");
  CHECK(state.facts->details.at("aa11").started_at);
  CHECK(watching.changes() == 2);
  CHECK(watching.log.count("info subject=docker msg=connected engine=docker version=20.10.24 "
                           "api_version=1.41 storage_driver=overlay2 volumes=2 containers=1\n") ==
        1);
}

TEST_CASE("an unreachable engine is logged once and counted") {
  Watching watching;
  watching.engine.shut_down();
  watching->list_once({});
  watching->list_once({});
  const State state = watching->state();
  CHECK_FALSE(state.up);
  CHECK(state.facts == nullptr);
  CHECK(state.health.errors[static_cast<std::size_t>(ErrorKind::kNotFound)] == 2);
  CHECK(watching.log.count("\n") == 1);
  CHECK(watching.log.count("Connection refused") == 1);
}

TEST_CASE("an engine that must be upgraded is logged as an error") {
  Watching watching;
  watching.engine.answer("/_ping", {200, "OK", "1.12", false});
  watching->list_once({});
  CHECK(watching.log.count("error subject=docker msg=") == 1);
  CHECK(watching.log.count("upgrade the engine") == 1);
}

TEST_CASE("a created volume is seen by its event") {
  Watching watching;
  watching->start();
  REQUIRE(watching.has_volumes(0));
  REQUIRE(watching.settles());
  watching.engine.answer(kVolumes, volumes({"data1"}));
  watching.engine.send_event(kVolumeCreate);
  CHECK(watching.has_volumes(1));
}

TEST_CASE("changes before the stream is open are seen by the list after it") {
  Watching watching;
  watching.engine.on_stream([&] { watching.engine.answer(kVolumes, volumes({"data1"})); });
  watching->start();
  CHECK(watching.has_volumes(1));
}

TEST_CASE("a container event lists no volumes and inspects that container again") {
  Watching watching;
  watching.engine.answer(kVolumes, volumes({"v"}));
  watching.engine.answer(kContainers, container("running"));
  watching.engine.answer(kInspect, started("2026-11-23T05:00:00Z"));
  watching->start();
  REQUIRE(watching.settles());
  REQUIRE(watching.becomes(
      [](const State& state) { return state.facts && state.facts->details.contains("aa11"); }));
  const auto inspected = watching.engine.times_asked(kInspect);
  const auto asked_volumes = watching.engine.times_asked(kVolumes);
  watching.engine.answer(kInspect, started("2026-11-23T06:00:00Z"));
  watching.engine.send_event(container_event("start"));
  REQUIRE(eventually([&] { return watching.engine.times_asked(kInspect) > inspected; }));
  CHECK(watching.becomes([](const State& state) {
    const auto& details = state.facts->details;
    return details.contains("aa11") && unix_seconds(*details.at("aa11").started_at) == 1795413600;
  }));
  CHECK(watching.engine.times_asked(kVolumes) == asked_volumes);
  CHECK(watching->state().facts->volumes.size() == 1);
}

TEST_CASE("the process id of a restarted container is updated") {
  Watching watching;
  const auto has_pid = [](std::uint32_t pid) {
    return [pid](const State& state) {
      return state.facts && state.facts->details.contains("aa11") &&
             state.facts->details.at("aa11").pid == pid;
    };
  };
  watching.engine.answer(kContainers, container("running"));
  watching.engine.answer(kInspect, R"({"State":{"Pid":100}})");
  watching->start();
  REQUIRE(watching.becomes(has_pid(100)));
  REQUIRE(watching.settles());
  watching.engine.answer(kInspect, R"({"State":{"Pid":200}})");
  watching.engine.send_event(container_event("die"));
  watching.engine.send_event(container_event("start"));
  CHECK(watching.becomes(has_pid(200)));
}

TEST_CASE("details of a removed container are dropped") {
  Watching watching;
  watching.engine.answer(kContainers, container("running"));
  watching.engine.answer(kInspect, started("2026-11-23T05:00:00Z"));
  watching->start();
  REQUIRE(watching.becomes(
      [](const State& state) { return state.facts && state.facts->details.size() == 1; }));
  REQUIRE(watching.settles());
  watching.engine.answer(kContainers, "[]");
  watching.engine.send_event(container_event("destroy"));
  CHECK(watching.becomes([](const State& state) {
    return state.facts->containers.empty() && state.facts->details.empty();
  }));
}

TEST_CASE(
    "a container that is gone when it is inspected is listed without details and not retried") {
  Watching watching;
  watching.engine.answer(kContainers, container("running"));
  watching->list_once({});
  CHECK(watching->state().facts->containers.size() == 1);
  CHECK(watching->state().facts->details.empty());
  CHECK(watching.engine.times_asked(kInspect) == 1);
}

TEST_CASE("a changed state in the list renews the details without an event") {
  Pace pace = hasty();
  pace.relist_interval = 20ms;
  Watching watching(pace);
  watching.engine.answer(kContainers, container("running"));
  watching.engine.answer(kInspect, started("2026-11-23T05:00:00Z"));
  watching->start();
  REQUIRE(watching.becomes(
      [](const State& state) { return state.facts && state.facts->details.size() == 1; }));
  watching.engine.answer(kInspect, started("2026-11-23T06:00:00Z"));
  watching.engine.answer(kContainers, container("exited"));
  CHECK(watching.becomes([](const State& state) {
    const auto& details = state.facts->details;
    return details.contains("aa11") && unix_seconds(*details.at("aa11").started_at) == 1795413600;
  }));
}

TEST_CASE("after a malformed list the last good one is kept, and the error is counted") {
  Watching watching;
  watching.engine.answer(kVolumes, volumes({"a"}));
  watching->start();
  REQUIRE(watching.has_volumes(1));
  REQUIRE(watching.settles());
  watching.engine.answer(kVolumes, "<html>502 Bad Gateway</html>");
  watching.engine.send_event(kVolumeCreate);
  REQUIRE(watching.becomes([](const State& state) { return !state.up; }));
  const State state = watching->state();
  CHECK(state.facts->volumes.size() == 1);
  CHECK(state.health.errors[static_cast<std::size_t>(ErrorKind::kMalformed)] > 0);
  watching.engine.answer(kVolumes, volumes({"a", "b"}));
  CHECK(watching.has_volumes(2));
}

TEST_CASE("malformed items are counted, logged and left out") {
  Watching watching;
  watching.engine.answer(kVolumes, R"({"Volumes":[{"Name":"a"},{"Driver":"x"}]})");
  watching.engine.answer(kContainers, R"([7])");
  watching->list_once({});
  CHECK(watching->state().up);
  CHECK(watching->state().health.bad_items == 2);
  CHECK(watching.log.count(R"({\"Driver\":\"x\"})") == 1);
}

TEST_CASE("a restarted engine is found again with its new version") {
  Watching watching;
  watching.engine.answer(kVolumes, volumes({"a"}));
  watching->start();
  REQUIRE(watching.has_volumes(1));
  REQUIRE(watching.settles());
  watching.engine.shut_down();
  REQUIRE(watching.becomes([](const State& state) { return !state.up; }));
  CHECK(watching->state().facts->volumes.size() == 1);
  watching.engine.answer("/_ping", {200, "OK", "1.51", false});
  watching.engine.answer(kVolumes, volumes({"a", "b"}));
  watching.engine.start_up();
  REQUIRE(watching.has_volumes(2));
  CHECK(watching->state().facts->engine.api_version == "1.51");
  REQUIRE(eventually([&] { return watching.engine.is_streaming(); }));
  watching.engine.answer(kVolumes, volumes({"a", "b", "c"}));
  watching.engine.send_event(kVolumeCreate);
  CHECK(watching.has_volumes(3));
}

TEST_CASE("after the stream ends it is reopened and everything is listed") {
  Watching watching;
  watching->start();
  REQUIRE(watching.has_volumes(0));
  REQUIRE(watching.settles());
  watching.engine.answer(kVolumes, volumes({"a"}));
  watching.engine.end_stream();
  CHECK(watching.has_volumes(1));
  CHECK(eventually([&] { return watching.engine.is_streaming(); }));
}

TEST_CASE("without events changes are seen by the periodic list") {
  Pace pace = hasty();
  pace.relist_interval = 20ms;
  Watching watching(pace);
  watching.engine.refuse_stream(Error{ErrorKind::kPermission, "GET /events", "HTTP 403"});
  watching->start();
  REQUIRE(watching.has_volumes(0));
  watching.engine.answer(kVolumes, volumes({"a"}));
  CHECK(watching.has_volumes(1));
}

TEST_CASE("a malformed event causes a full list") {
  Watching watching;
  watching->start();
  REQUIRE(watching.settles());
  watching.engine.answer(kVolumes, volumes({"a"}));
  watching.engine.send_event("nonsense");
  CHECK(watching.has_volumes(1));
}

TEST_CASE("a silent engine delays neither state() nor the destructor") {
  for (const auto path : {"/_ping", "/info", kVolumes, kContainers, kInspect}) {
    Watching watching;
    watching.engine.answer(kContainers, container("running"));
    watching.engine.hang(path);
    watching->start();
    REQUIRE(eventually([&] { return watching.engine.times_asked(path) > 0; }));
    (void)watching->state();
  }  // would never end without the stop
}

TEST_CASE("containers are listed while the list of volumes times out") {
  Watching watching;
  watching.engine.answer(kVolumes, volumes({"data1"}));
  watching.engine.answer(kContainers, container("running"));
  watching->start();
  REQUIRE(watching.settles());
  REQUIRE(watching.has_volumes(1));
  watching.engine.fail(kVolumes, {ErrorKind::kTimeout, "GET /volumes", "no answer"});
  watching.engine.answer(kContainers, "[]");
  watching.engine.send_event(kVolumeCreate);
  REQUIRE(watching.becomes([](const State& state) {
    return state.up && state.facts->containers.empty() && !state.health.up;
  }));
  CHECK(watching.has_volumes(1));
  // Each request may block a thread of such an engine: the next one is far away.
  const auto asked = watching.engine.times_asked(kVolumes);
  watching.engine.answer(kContainers, container("running"));
  watching.engine.send_event(kVolumeCreate);
  REQUIRE(watching.becomes([](const State& state) { return !state.facts->containers.empty(); }));
  CHECK(watching.engine.times_asked(kVolumes) == asked);
}

TEST_CASE("until the first list of volumes, volumes are those mounted by containers") {
  Watching watching;
  watching.engine.fail(kVolumes, {ErrorKind::kTimeout, "GET /volumes", "no answer"});
  watching.engine.answer(
      kContainers,
      R"([{"Id":"aa11","Names":["/db"],"State":"running","Mounts":[{"Type":"volume",
          "Name":"data1","Source":"/v/data1/_data","Destination":"/data","RW":true}]}])");
  watching->list_once({});
  const State state = watching->state();
  CHECK(state.up);
  CHECK_FALSE(state.health.up);
  REQUIRE(state.facts->volumes.size() == 1);
  CHECK(state.facts->volumes[0].name == "data1");
  CHECK(state.facts->volumes[0].mountpoint == "/v/data1/_data");
  CHECK_FALSE(state.facts->has_all_volumes);  // other volumes are not removed
  CHECK(watching.log.count(
            "warning subject=docker_volumes msg=\"engine does not list its volumes") == 1);
}

TEST_CASE("a list of volumes that the engine fails to make leaves the containers") {
  Watching watching;
  watching.engine.fail(kVolumes, {ErrorKind::kIo, "GET /volumes", "HTTP 500 plugin missing"});
  watching.engine.answer(kContainers,
                         R"([{"Id":"aa11","Names":["/db"],"State":"running","Mounts":[
                         {"Type":"volume","Name":"pg","Destination":"/d","Driver":"local"}]}])");
  watching->list_once({});
  const State state = watching->state();
  CHECK(state.up);
  REQUIRE(state.facts->volumes.size() == 1);
  CHECK(state.facts->volumes[0].name == "pg");
  CHECK(state.facts->volumes[0].driver == "local");
  CHECK_FALSE(state.facts->has_all_volumes);
}

TEST_CASE("of two volumes of one name the one that a container has is shown") {
  for (const auto* order : {R"({"Name":"t","Driver":"convoy"},{"Name":"t","Driver":"local"})",
                            R"({"Name":"t","Driver":"local"},{"Name":"t","Driver":"convoy"})"}) {
    Watching watching;
    watching.engine.answer(kVolumes, "{\"Volumes\":[" + std::string(order) + "]}");
    watching.engine.answer(kContainers,
                           R"([{"Id":"aa11","Names":["/db"],"State":"running","Mounts":[
                           {"Type":"volume","Name":"t","Destination":"/d","Driver":"convoy"}]}])");
    watching->list_once({});
    REQUIRE(watching->state().facts->volumes.size() == 1);
    CHECK(watching->state().facts->volumes[0].driver == "convoy");
  }
}

TEST_CASE("mounts that the list leaves out are those of the inspection") {
  Watching watching;
  watching.engine.answer(kContainers,
                         R"([{"Id":"aa11","Names":["/db"],"State":"running","Mounts":null}])");
  watching.engine.answer(kInspect,
                         R"({"Mounts":[{"Type":"volume","Name":"pg","Destination":"/d"}]})");
  watching->list_once({});
  const auto& container = watching->state().facts->containers.at(0);
  CHECK(container.knows_mounts);
  CHECK(container.mounts.at(0).volume == "pg");
}

TEST_CASE("a watcher can be destroyed amid changes") {
  for (int i = 0; i < 20; ++i) {
    Watching watching;
    watching.engine.answer(kContainers, container("running"));
    watching->start();
    for (int n = 0; n < i; ++n) watching.engine.send_event(kVolumeCreate);
  }
}

}  // namespace volumeter::docker::watcher_test
