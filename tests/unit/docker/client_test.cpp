// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/client.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "exporter/sources/docker/api_version.h"
#include "exporter/sources/docker/decode.h"
#include "tests/support/scripted_engine.h"

namespace volumeter::docker::client_test {
namespace {

using test::ScriptedEngine;

Engine connected(Client& client) {
  const auto engine = client.connect({});
  REQUIRE(engine);
  return *engine;
}

HttpReply ping(std::string version, bool podman = false) {
  return {200, "OK", std::move(version), podman};
}

HttpReply status(long code, std::string body) { return {code, std::move(body), {}, false}; }

}  // namespace

TEST_CASE("connect identifies the engine") {
  ScriptedEngine scripted;
  Client client(scripted.host(), "");
  const Engine engine = connected(client);
  CHECK(engine.product == "docker");
  CHECK(engine.version == "20.10.24");
  CHECK(engine.api_version == "1.41");
  CHECK(engine.storage_driver == "overlay2");
  CHECK(engine.root_directory == "/var/lib/docker");
  CHECK(scripted.asked() == std::vector<std::string>{"/_ping", "/v1.41/version", "/v1.41/info"});
}

TEST_CASE("the API version is the newest supported by both sides") {
  ScriptedEngine scripted;
  const auto spoken = [&](const std::string& theirs) {
    scripted.answer("/_ping", ping(theirs));
    Client client(scripted.host(), "");
    return connected(client).api_version;
  };
  CHECK(spoken("1.24") == "1.24");
  CHECK(spoken("1.44") == "1.44");
  CHECK(spoken("1.51") == "1.51");
  CHECK(spoken("1.55") == "1.51");
  CHECK(spoken("2.0") == "1.51");
  CHECK(spoken("") == "1.24");
}

TEST_CASE("each connect negotiates the API version again") {
  ScriptedEngine scripted;
  Client client(scripted.host(), "");
  CHECK(connected(client).api_version == "1.41");
  scripted.answer("/_ping", ping("1.51"));
  CHECK(connected(client).api_version == "1.51");
  CHECK(client.list_volumes({}));
  CHECK(scripted.asked().back() == "/v1.51/volumes");
}

TEST_CASE("an engine without a supported API version is refused") {
  ScriptedEngine scripted;
  Client client(scripted.host(), "");
  for (const auto version : {"1.23", "0.9", "one", "1.", "1.41.2", "-1.41"}) {
    scripted.answer("/_ping", ping(version));
    const auto engine = client.connect({});
    REQUIRE_FALSE(engine);
    CHECK(engine.error().kind == ErrorKind::kUnsupported);
  }
  scripted.answer("/_ping", ping("1.30"));
  scripted.answer("/version",
                  status(400, R"({"message":"client version 1.30 is too old. Minimum supported )"
                              R"(API version is 1.44, please upgrade your client"})"));
  const auto engine = client.connect({});
  REQUIRE_FALSE(engine);
  CHECK(engine.error().kind == ErrorKind::kUnsupported);
  CHECK(engine.error().what.find("Minimum supported API version is 1.44") != std::string::npos);
}

TEST_CASE("DOCKER_API_VERSION overrides the negotiation") {
  ScriptedEngine scripted;
  Client client(scripted.host(), "1.30");
  CHECK(connected(client).api_version == "1.30");
  CHECK(scripted.asked().back() == "/v1.30/info");
  Client wrong(scripted.host(), "latest");
  const auto engine = wrong.connect({});
  REQUIRE_FALSE(engine);
  CHECK(engine.error().what.find("DOCKER_API_VERSION") != std::string::npos);
}

TEST_CASE("Podman is detected by its header or its version") {
  ScriptedEngine scripted;
  scripted.answer("/_ping", ping("1.41", true));
  Client client(scripted.host(), "");
  CHECK(connected(client).product == "podman");
  scripted.answer("/_ping", ping("1.41"));
  scripted.answer("/version", R"({"Version":"4.3.1","Components":[{"Name":"Podman Engine"}]})");
  CHECK(connected(client).product == "podman");
}

TEST_CASE("if a proxy forbids /version and /info their fields are unknown") {
  ScriptedEngine scripted;
  scripted.answer("/version", status(403, "<html>403 Forbidden</html>"));
  scripted.answer("/info", status(403, ""));
  Client client(scripted.host(), "");
  const Engine engine = connected(client);
  CHECK(engine.version.empty());
  CHECK(engine.storage_driver.empty());
  CHECK(engine.product == "docker");
}

TEST_CASE("if /info fails only its fields are unknown") {
  ScriptedEngine scripted;
  scripted.fail("/info", {ErrorKind::kTimeout, "GET /info", "no answer"});
  Client client(scripted.host(), "");
  CHECK(connected(client).storage_driver.empty());
}

TEST_CASE("a status other than 200 is an error with the engine's message") {
  ScriptedEngine scripted;
  Client client(scripted.host(), "");
  connected(client);
  const auto kind_of = [&](long code) {
    scripted.answer("/volumes", status(code, R"({"message":"because"})"));
    const auto volumes = client.list_volumes({});
    REQUIRE_FALSE(volumes);
    CHECK(volumes.error().what.find("because") != std::string::npos);
    return volumes.error().kind;
  };
  CHECK(kind_of(401) == ErrorKind::kPermission);
  CHECK(kind_of(403) == ErrorKind::kPermission);
  CHECK(kind_of(404) == ErrorKind::kNotFound);
  CHECK(kind_of(400) == ErrorKind::kUnsupported);
  CHECK(kind_of(500) == ErrorKind::kIo);
  CHECK(kind_of(301) == ErrorKind::kIo);
}

TEST_CASE("lists and details are requested from their paths") {
  ScriptedEngine scripted;
  scripted.answer("/containers/abc123/json", R"({"HostConfig":{"ReadonlyRootfs":true}})");
  Client client(scripted.host(), "");
  connected(client);
  CHECK(client.list_volumes({}));
  CHECK(client.list_containers({}));
  const auto details = client.inspect("abc123", {});
  REQUIRE(details);
  CHECK(details->readonly_rootfs);
  CHECK(scripted.times_asked("/containers/json?all=1") == 1);
}

TEST_CASE("an invalid container id is never sent") {
  ScriptedEngine scripted;
  Client client(scripted.host(), "");
  connected(client);
  const auto before = scripted.asked().size();
  for (const auto& id :
       {std::string(), std::string("../images"), std::string("a/b"), std::string("a?b"),
        std::string("a b"), std::string("a\0b", 3), std::string(129, 'a')}) {
    CHECK(client.inspect(id, {}).error().kind == ErrorKind::kMalformed);
  }
  CHECK(scripted.asked().size() == before);
}

TEST_CASE("events are filtered by the engine, in an encoded query") {
  ScriptedEngine scripted;
  Client client(scripted.host(), "");
  connected(client);
  const std::string target = client.events_target();
  CHECK(target.starts_with("/v1.41/events?filters=%7B%22type%22%3A%5B%22container%22%2C"));
  CHECK(std::none_of(target.begin(), target.end(),
                     [](char c) { return c == '"' || c == '{' || c == ' ' || c == ','; }));
}

TEST_CASE("an API version is two numbers") {
  CHECK(parse_api_version("1.41") == ApiVersion{1, 41});
  CHECK(ApiVersion{1, 9} < ApiVersion{1, 24});
  for (const auto text : {"", "1", "1.", ".1", "v1.41", "1.41.0", "1,41", "1.99999999999"}) {
    CHECK_FALSE(parse_api_version(text));
  }
}

TEST_CASE("the version tells Docker from Podman") {
  const auto docker = decode_version(
      R"({"Platform":{"Name":""},"Components":[{"Name":"Engine","Version":"20.10.24+dfsg1"}],)"
      R"("Version":"20.10.24+dfsg1","ApiVersion":"1.41"})");
  REQUIRE(docker);
  CHECK(docker->version == "20.10.24+dfsg1");
  CHECK_FALSE(docker->podman);
  const auto podman =
      decode_version(R"({"Components":[{"Name":"Podman Engine"}],"Version":"4.3.1"})");
  REQUIRE(podman);
  CHECK(podman->podman);
}

TEST_CASE("info has the storage driver and the root directory") {
  const auto info = decode_info(
      R"({"ID":"POMW","Driver":"overlayfs","DriverStatus":[["driver-type","io.containerd"]],)"
      R"("DockerRootDir":"/var/lib/docker"})");
  REQUIRE(info);
  CHECK(info->storage_driver == "overlayfs");
  CHECK(info->root_directory == "/var/lib/docker");
}

TEST_CASE("an error response is its message field, else its text") {
  CHECK(decode_error_message(R"({"message":"No such container: zzz"})") ==
        "No such container: zzz");
  CHECK(decode_error_message(
            R"({"cause":"no such container","message":"no container","response":404})") ==
        "no container");
  CHECK(decode_error_message("client version 1.11 is too old.\nUpgrade.\n") ==
        "client version 1.11 is too old. Upgrade.");
  CHECK(decode_error_message("").empty());
  CHECK(decode_error_message(std::string(5000, 'x')).size() == 200);
}

}  // namespace volumeter::docker::client_test
