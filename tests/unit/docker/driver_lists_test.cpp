// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/driver_lists.h"

#include <catch2/catch.hpp>

namespace volumeter::docker::driver_lists_test {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart{};

Volume volume(std::string name, std::string driver) {
  return {.name = std::move(name),
          .driver = std::move(driver),
          .scope = "local",
          .mountpoint = {},
          .created_at = {},
          .labels = {},
          .options = {}};
}

VolumesReply reply(std::vector<Volume> volumes, std::vector<std::string> warnings = {}) {
  VolumesReply made;
  made.items = std::move(volumes);
  made.warnings = std::move(warnings);
  return made;
}

// "a local, b nfs?": the question mark stands for "not listed".
std::string text_of(const DriverLists& lists) {
  std::string text;
  for (const Volume& one : lists.volumes()) {
    text += (text.empty() ? "" : ", ") + one.name + " " + one.driver + (one.is_listed ? "" : "?");
  }
  return text;
}

std::optional<bool> up(const DriverLists& lists, const std::string& name) {
  for (const VolumeDriver& driver : lists.drivers()) {
    if (driver.name == name) return driver.up;
  }
  return {};
}

const Error kTimeout{ErrorKind::kTimeout, "GET /volumes", "no response"};

// Two drivers with a volume each.
DriverLists two_drivers() {
  DriverLists lists;
  lists.add_all({"local", "nfs"});
  lists.take_all(reply({volume("a", "local"), volume("b", "nfs")}));
  return lists;
}

}  // namespace

TEST_CASE("a list of all drivers says that each of them is up") {
  const DriverLists lists = two_drivers();
  CHECK(text_of(lists) == "a local, b nfs");
  CHECK(up(lists, "local") == true);
  CHECK(up(lists, "nfs") == true);
  CHECK(lists.is_complete());
  CHECK(lists.due(kStart).empty());
}

TEST_CASE("before the first list nothing is said about a driver") {
  DriverLists lists;
  lists.add_all({"nfs"});
  CHECK_FALSE(up(lists, "local"));
  CHECK_FALSE(up(lists, "nfs"));
  CHECK_FALSE(lists.is_complete());
}

TEST_CASE("a driver that hangs hides no volume of another driver") {
  DriverLists lists = two_drivers();
  lists.ask_each();
  CHECK(lists.due(kStart) == std::vector<std::string>{"local", "nfs"});
  lists.take("local", reply({volume("a", "local"), volume("new", "local")}), kStart);
  lists.take("nfs", kTimeout, kStart);
  CHECK(text_of(lists) == "a local, b nfs?, new local");
  CHECK(up(lists, "local") == true);
  CHECK(up(lists, "nfs") == false);
  CHECK(lists.may_lack_volumes_of("nfs"));
  CHECK_FALSE(lists.may_lack_volumes_of("local"));
}

TEST_CASE("only the driver that does not answer is asked less and less often") {
  DriverLists lists = two_drivers();
  SteadyTime now = kStart;
  int asked = 0;
  for (int minute = 0; minute < 60; ++minute, now += 1min) {
    lists.ask_each();
    for (const std::string& name : lists.due(now)) {
      if (name == "local") {
        lists.take(name, reply({}), now);
      } else {
        lists.take(name, kTimeout, now);
        ++asked;
      }
    }
    CHECK(up(lists, "local") == true);
  }
  CHECK(asked > 6);
  CHECK(asked < 15);
  lists.reset_backoff("nfs");  // it carried something out
  lists.ask_each();
  CHECK(lists.due(now).size() == 2);
}

TEST_CASE("a warning is about the driver that it names, with a tag or without") {
  CHECK(driver_of_warning("list nfs: dial unix: connection refused") == "nfs");
  CHECK(driver_of_warning("list vieux/sshfs:latest: plugin is disabled") == "vieux/sshfs:latest");
  CHECK_FALSE(driver_of_warning("cluster volumes are not available"));
  CHECK_FALSE(driver_of_warning("list "));
  CHECK_FALSE(driver_of_warning("list : x"));
}

TEST_CASE("what a list with a warning lacks is kept") {
  DriverLists lists = two_drivers();
  lists.take_all(reply({volume("c", "local")}, {"list nfs: connection refused"}));
  CHECK(text_of(lists) == "b nfs?, c local");  // a is gone: its driver answered
  CHECK(up(lists, "nfs") == false);
  lists.take_all(reply({volume("c", "local")}, {"something failed"}));
  CHECK(text_of(lists) == "b nfs?, c local");
  lists.take_all(reply({}, {"something failed"}));
  CHECK(text_of(lists) == "b nfs?, c local?");
  CHECK(lists.may_lack_volumes_of("local"));
  lists.take_all(reply({volume("b", "nfs")}));
  CHECK(text_of(lists) == "b nfs");
}

TEST_CASE("a volume that the engine only remembers is not listed") {
  DriverLists lists;
  lists.take_all(reply({volume("b", "nfs")}, {"list nfs: deadline exceeded"}));
  CHECK(text_of(lists) == "b nfs?");
  CHECK_FALSE(lists.is_complete());
}

TEST_CASE("a driver without any volume all at once is asked by itself") {
  DriverLists lists = two_drivers();
  lists.take_all(reply({volume("a", "local")}));
  CHECK(lists.due(kStart) == std::vector<std::string>{"nfs"});
  SECTION("it has lost them") {
    lists.take("nfs", reply({}), kStart);
    CHECK(text_of(lists) == "a local");
    CHECK(up(lists, "nfs") == true);
  }
  SECTION("it is disabled, and the engine leaves it out without a word") {
    lists.take("nfs", Error{ErrorKind::kNotFound, "GET /volumes", "plugin disabled"}, kStart);
    CHECK(text_of(lists) == "a local, b nfs?");
    CHECK(up(lists, "nfs") == false);
    CHECK(lists.due(kStart + 1s).empty());
  }
  SECTION("it was removed for good") {
    lists.take("nfs", Error{ErrorKind::kNotFound, "GET /volumes", "not found"}, kStart);
    lists.take("nfs", Error{ErrorKind::kNotFound, "GET /volumes", "not found"}, kStart + 25h);
    CHECK(text_of(lists) == "a local");
    CHECK(lists.drivers().size() == 1);
  }
  SECTION("it is not loaded, and the engine lists nothing of it without a word") {
    lists.add_all({"local"});
    lists.take("nfs", reply({}), kStart);
    CHECK(text_of(lists) == "a local, b nfs?");
    CHECK(up(lists, "nfs") == false);
  }
  SECTION("no thread for the request was to be had: no evidence") {
    lists.take("nfs", Error{ErrorKind::kNotAsked, "GET /volumes", "no thread"}, kStart);
    CHECK(up(lists, "nfs") == true);
    CHECK(text_of(lists) == "a local, b nfs?");
  }
}

TEST_CASE("a request that a proxy forbids says nothing about the driver") {
  DriverLists lists = two_drivers();
  lists.ask_each();
  lists.take("nfs", Error{ErrorKind::kPermission, "GET /volumes", "HTTP 403"}, kStart);
  CHECK_FALSE(up(lists, "nfs"));
  CHECK(text_of(lists) == "a local?, b nfs?");
}

TEST_CASE("an engine that ignores the filter lists each volume once") {
  DriverLists lists = two_drivers();
  lists.ask_each();
  for (const char* name : {"local", "nfs"}) {
    lists.take(name, reply({volume("a", "local"), volume("b", "nfs")}), kStart);
  }
  CHECK(text_of(lists) == "a local, b nfs");
}

TEST_CASE("two drivers may each have a volume of one name") {
  DriverLists lists;
  lists.take_all(reply({volume("t", "nfs"), volume("t", "local")}));
  CHECK(text_of(lists) == "t local, t nfs");
  lists.remove("t", "nfs");
  CHECK(text_of(lists) == "t local");
}

TEST_CASE("any number of drivers costs no more than those of the last list") {
  DriverLists lists;
  for (int i = 0; i < 100; ++i) {
    std::vector<Volume> volumes;
    for (int n = 0; n < 100; ++n) {
      volumes.push_back(volume("v", "driver-" + std::to_string(i) + "-" + std::to_string(n)));
    }
    lists.take_all(reply(std::move(volumes)));
    CHECK(lists.volumes().size() == 100);
    CHECK(lists.drivers().size() <= DriverLists::kMaxDrivers);
    CHECK(lists.due(kStart).size() <= DriverLists::kMaxDrivers);
  }
}

}  // namespace volumeter::docker::driver_lists_test
