// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "exporter/sources/docker/decode.h"
#include "exporter/sources/docker/event_reader.h"
#include "exporter/sources/docker/pending_changes.h"
#include "exporter/sources/docker/relist_schedule.h"

namespace volumeter::docker::events_test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kCreate =
    R"({"Type":"volume","Action":"create","Actor":{"ID":"data1","Attributes":{}}})";

// "create data1" for each event, "?" for each malformed line.
std::vector<std::string> read(EventReader& reader, std::string_view piece) {
  std::vector<std::string> out;
  reader.feed(piece, [&](const std::optional<Event>& event) {
    out.push_back(event ? event->action + " " + event->id : "?");
  });
  return out;
}

SteadyTime at(std::chrono::milliseconds time) { return SteadyTime(time); }

Event event_of(std::string type, std::string action, std::string id = "abc") {
  return {std::move(type), std::move(action), std::move(id)};
}

// The changes of the queue after one event.
PendingChanges changes_after(const std::optional<Event>& event) {
  Pace pace;
  pace.quiet = pace.longest_wait = 0ms;
  ChangeQueue queue(pace, [] { return std::chrono::steady_clock::now(); });
  queue.note(event);
  return queue.take_when_due({}).value();
}

}  // namespace

TEST_CASE("events of Docker and Podman are decoded") {
  const auto docker = decode_event(
      R"({"Type":"volume","Action":"create","Actor":{"ID":"data1","Attributes":{"driver":)"
      R"("local"}},"scope":"local","time":1795413412,"timeNano":1795413412622835129})");
  REQUIRE(docker);
  CHECK(docker->type == "volume");
  CHECK(docker->action == "create");
  CHECK(docker->id == "data1");
  const auto podman = decode_event(
      R"({"status":"remove","Type":"volume","Action":"remove","Actor":{"ID":"","Attributes":)"
      R"({"containerExitCode":"0","image":"","name":"gone","podId":""}},"scope":"local"})");
  REQUIRE(podman);
  CHECK(podman->action == "remove");
  CHECK(podman->id.empty());
  for (const auto text : {"", "{}", "[]", R"({"Type":"volume"})", R"({"Type":1,"Action":"x"})"}) {
    CHECK_FALSE(decode_event(text));
  }
}

TEST_CASE("events may be split anywhere in the stream") {
  const std::string text = std::string(kCreate) + "\n\r\n" + std::string(kCreate) + "\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EventReader reader;
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < text.size(); i += size) {
      for (auto& event : read(reader, std::string_view(text).substr(i, size))) {
        seen.push_back(event);
      }
    }
    REQUIRE(seen == std::vector<std::string>{"create data1", "create data1"});
  }
}

TEST_CASE("a malformed line is reported, and the next event is read") {
  EventReader reader;
  CHECK(read(reader, "nonsense\n" + std::string(kCreate) + "\n") ==
        std::vector<std::string>{"?", "create data1"});
}

TEST_CASE("a line that is too long is dropped, with bounded memory") {
  EventReader reader;
  const std::string piece(EventReader::kMaxLineBytes / 2, 'x');
  for (int i = 0; i < 8; ++i) CHECK(read(reader, piece).empty());
  CHECK(read(reader, "\n") == std::vector<std::string>{"?"});
  CHECK(read(reader, std::string(kCreate) + "\n") == std::vector<std::string>{"create data1"});
}

TEST_CASE("a list is due a short time after the last change") {
  RelistSchedule schedule({});
  schedule.listed(at(0ms), at(10ms));
  CHECK(schedule.due() == at(60'010ms));
  schedule.changed(at(5'000ms));
  CHECK(schedule.due() == at(5'200ms));
  schedule.changed(at(5'100ms));
  CHECK(schedule.due() == at(5'300ms));
}

TEST_CASE("continuous changes delay a list by a second at most") {
  RelistSchedule schedule({});
  schedule.listed(at(0ms), at(10ms));
  for (auto time = 5'000ms; time < 7'000ms; time += 50ms) schedule.changed(at(time));
  CHECK(schedule.due() == at(6'000ms));
}

TEST_CASE("the gap between two lists is ten times the duration of a list") {
  RelistSchedule schedule({});
  const auto due_after = [&](std::chrono::milliseconds took) {
    schedule.listed(at(10'000ms - took), at(10'000ms));
    schedule.changed(at(10'001ms));
    return schedule.due() - at(10'000ms);
  };
  CHECK(due_after(1ms) == 201ms);  // limited by the quiet time
  CHECK(due_after(50ms) == 500ms);
  CHECK(due_after(2'000ms) == 1'001ms + 3'999ms);  // five seconds at most
}

TEST_CASE("a change during a list schedules the next list") {
  RelistSchedule schedule({});
  schedule.changed(at(0ms));
  schedule.taken();
  schedule.changed(at(5ms));
  schedule.listed(at(0ms), at(10ms));
  CHECK(schedule.due() == at(210ms));
}

TEST_CASE("a list that events caused is followed by one more, for an engine that was too quick") {
  RelistSchedule schedule({});
  schedule.changed(at(0ms));
  schedule.taken();
  schedule.listed(at(200ms), at(210ms));
  CHECK(schedule.due() == at(2'210ms));
  schedule.taken();
  schedule.listed(at(2'210ms), at(2'220ms));
  CHECK(schedule.due() == at(62'220ms));
}

TEST_CASE("an event requests only what it may have changed") {
  const PendingChanges start = changes_after(event_of("container", "start"));
  CHECK_FALSE(start.volumes);
  CHECK(start.details == std::set<std::string>{"abc"});
  CHECK_FALSE(start.all_details);

  for (const auto action : {"create", "destroy", "remove", "prune", "unheard-of"}) {
    const PendingChanges volume = changes_after(event_of("volume", action, ""));
    CHECK(volume.volumes);
    CHECK(volume.details.empty());
  }
  CHECK(changes_after(event_of("container", "prune", "")).volumes);
  CHECK(changes_after(event_of("plugin", "enable")).volumes);
  const PendingChanges unreadable = changes_after({});
  CHECK(unreadable.volumes);
  CHECK(unreadable.all_details);
}

TEST_CASE("changes of very many containers become a change of all") {
  Pace pace;
  pace.quiet = pace.longest_wait = 0ms;
  ChangeQueue queue(pace, [] { return std::chrono::steady_clock::now(); });
  for (int i = 0; i < 20'000; ++i) queue.note(event_of("container", "die", std::to_string(i)));
  const PendingChanges changes = queue.take_when_due({}).value();
  CHECK(changes.all_details);
  CHECK(changes.details.size() <= 10'000);
}

TEST_CASE("without changes a full list is due after the interval") {
  Pace pace;
  pace.relist_interval = 5ms;
  ChangeQueue queue(pace, [] { return std::chrono::steady_clock::now(); });
  queue.listed(std::chrono::steady_clock::now());
  const PendingChanges changes = queue.take_when_due({}).value();
  CHECK(changes.volumes);
  CHECK(changes.details.empty());
}

TEST_CASE("a lost connection and a stop end the wait at once") {
  ChangeQueue queue({}, [] { return std::chrono::steady_clock::now(); });
  queue.listed(std::chrono::steady_clock::now());
  queue.note_lost_connection();
  CHECK(queue.take_when_due({})->connection_lost);
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  CHECK_FALSE(queue.take_when_due(source.get_token())->connection_lost);
}

}  // namespace volumeter::docker::events_test
