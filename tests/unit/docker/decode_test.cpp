// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/decode.h"

#include <catch2/catch.hpp>

#include "exporter/sources/docker/rfc3339.h"

namespace volumeter::docker::decode_test {
namespace {

// Docker Engine 20.10.24, GET /v1.41/volumes, with the names the other way round.
constexpr std::string_view kVolumes20 =
    R"({"Volumes":[{"CreatedAt":"2026-11-23T05:56:52Z","Driver":"local","Labels":{"a":"b"},)"
    R"("Mountpoint":"/var/lib/docker/volumes/tmpv/_data","Name":"tmpv","Options":{)"
    R"("device":"tmpfs","o":"size=10m","type":"tmpfs"},"Scope":"local"},)"
    R"({"CreatedAt":"2026-11-23T05:56:52Z","Driver":"local","Labels":null,)"
    R"("Mountpoint":"/var/lib/docker/volumes/data1/_data",)"
    R"("Name":"data1","Options":null,"Scope":"local"}],"Warnings":null})";

// Docker Engine 20.10.24, GET /v1.41/containers/json?all=1, one of three.
constexpr std::string_view kContainers20 =
    R"([{"Id":"e0ea9e0fe706cfea927e518fd583977a96fe61563f9651760fcdbcaf73ba15d4","Names":["/c3"],)"
    R"("Image":"busybox:local","ImageID":"sha256:aff729a718b833ecb263aedc1deab919227cc7d9",)"
    R"("Command":"/bin/true","Created":1795413413,"Ports":[],"Labels":{},"State":"exited",)"
    R"("Status":"Exited (0) 4 minutes ago","HostConfig":{"NetworkMode":"none"},)"
    R"("NetworkSettings":{"Networks":{"none":{"IPAMConfig":null,"Links":null,"Gateway":""}}},)"
    R"("Mounts":[{"Type":"volume","Name":"9f6a62ea","Source":"","Destination":"/anon",)"
    R"("Driver":"local","Mode":"","RW":true,"Propagation":""},{"Type":"bind","Source":"/tmp/img",)"
    R"("Destination":"/bind","Mode":"","RW":false,"Propagation":"rprivate"}]}])";

// Podman 4.3.1, the same call: a null Config and a Name of its own that is empty.
constexpr std::string_view kContainersPodman =
    R"([{"Id":"075c01308dd055f7213c9dbfebf9ab1065226642f0e9e008bc066e40cd66b12d","Names":["/c1"],)"
    R"("Image":"localhost/busybox:local","Command":"/bin/sleep 1000","Created":1795413415,)"
    R"("Ports":[],"Labels":{},"State":"created","Status":"Created","NetworkSettings":)"
    R"({"Networks":null},"Mounts":[{"Type":"volume","Name":"data1","Source":"/pod/data1/_data",)"
    R"("Destination":"/data","Driver":"local","Mode":"","RW":false,"Propagation":"rprivate"}],)"
    R"("Name":"","Config":null,"NetworkingConfig":null,"Platform":null,"AdjustCPUShares":false}])";

std::string one_container(std::string_view fields) {
  return R"([{"Id":"abc","Names":["/web"],)" + std::string(fields) + "}]";
}

std::string nested(std::size_t depth) {
  return R"({"Volumes":[{"Name":"deep","Labels":)" + std::string(depth, '[') +
         std::string(depth, ']') + "}]}";
}

}  // namespace

TEST_CASE("the volumes of Docker 20.10 are sorted, and null labels are empty") {
  const auto volumes = decode_volumes(kVolumes20);
  REQUIRE(volumes);
  REQUIRE(volumes->items.size() == 2);
  CHECK(volumes->bad == 0);
  const Volume& data1 = volumes->items[0];
  CHECK(data1.name == "data1");
  CHECK(data1.driver == "local");
  CHECK(data1.scope == "local");
  CHECK(data1.mountpoint == "/var/lib/docker/volumes/data1/_data");
  CHECK(data1.labels.empty());
  CHECK(data1.options.empty());
  CHECK(data1.created_at == parse_rfc3339("2026-11-23T05:56:52Z"));
  const Volume& tmpv = volumes->items[1];
  CHECK(tmpv.labels == StringMap{{"a", "b"}});
  CHECK(tmpv.options == StringMap{{"device", "tmpfs"}, {"o", "size=10m"}, {"type", "tmpfs"}});
}

TEST_CASE("unknown fields of a volume (Docker 29) are ignored") {
  const auto volumes = decode_volumes(
      R"({"Volumes":[{"ClusterVolume":{"ID":"x","Version":{"Index":1},"Spec":{"AccessMode":[{}]}},)"
      R"("CreatedAt":"2026-11-23T05:56:52.123Z","Driver":"csi","Labels":{},"Mountpoint":"",)"
      R"("Name":"shared","Options":{},"Scope":"global","UsageData":{"RefCount":-1,"Size":-1}}],)"
      R"("Warnings":["error listing volumes from driver nfs: no answer"]})");
  REQUIRE(volumes);
  REQUIRE(volumes->items.size() == 1);
  CHECK(volumes->items[0].scope == "global");
}

TEST_CASE("an empty list of volumes is null, [] or a missing field") {
  for (const auto text : {R"({"Volumes":null,"Warnings":null})", R"({"Volumes":[]})", "{}"}) {
    const auto volumes = decode_volumes(text);
    REQUIRE(volumes);
    CHECK(volumes->items.empty());
    CHECK(volumes->bad == 0);
  }
}

TEST_CASE("a malformed volume is rejected alone") {
  const auto volumes = decode_volumes(
      R"({"Volumes":[{"Driver":"local"},{"Name":7},"text",null,{"Name":"odd","Labels":{"a":1}},)"
      R"({"Name":"good","Driver":null},{"Name":""}],"Warnings":[]})");
  REQUIRE(volumes);
  REQUIRE(volumes->items.size() == 1);
  CHECK(volumes->items[0].name == "good");
  CHECK(volumes->bad == 6);
  CHECK(volumes->first_bad == R"({"Driver":"local"})");
}

TEST_CASE("volumes of one name and two drivers are both kept") {
  const auto volumes = decode_volumes(
      R"({"Volumes":[{"Name":"a","Driver":"local"},{"Name":"a","Driver":"convoy"}]})");
  REQUIRE(volumes);
  CHECK(volumes->bad == 0);
  CHECK(volumes->items.size() == 2);
}

TEST_CASE("of two volumes with the same name and driver the first is kept") {
  const auto volumes = decode_volumes(
      R"({"Volumes":[{"Name":"b","Driver":"1"},{"Name":"a"},{"Name":"b","Driver":"1"}]})");
  REQUIRE(volumes);
  REQUIRE(volumes->items.size() == 2);
  CHECK(volumes->items[1].driver == "1");
  CHECK(volumes->bad == 1);
  CHECK(volumes->first_bad == "b of 1");
}

TEST_CASE("a response that is not a list of volumes is malformed") {
  for (const auto text : {"", "OK", "[]", "null", R"({"Volumes":{}})", R"({"Volumes":"none"})",
                          R"({"Volumes":[{"Name":"a"})", "<html>502 Bad Gateway</html>"}) {
    const auto volumes = decode_volumes(text);
    REQUIRE_FALSE(volumes);
    CHECK(volumes.error().kind == ErrorKind::kMalformed);
  }
}

TEST_CASE("invalid UTF-8 is replaced and does not reject the list") {
  const auto volumes = decode_volumes("{\"Volumes\":[{\"Name\":\"a\xFF\"},{\"Name\":\"b\"}]}");
  REQUIRE(volumes);
  REQUIRE(volumes->items.size() == 2);
  CHECK(volumes->items[0].name == "a\xEF\xBF\xBD");
}

TEST_CASE("names with quotes, newlines and emoji are unchanged") {
  const auto volumes = decode_volumes(R"({"Volumes":[{"Name":"a\"\n\\ \ud83d\ude00"}]})");
  REQUIRE(volumes);
  CHECK(volumes->items[0].name == "a\"\n\\ \xF0\x9F\x98\x80");
}

TEST_CASE("deeply nested JSON is refused") {
  CHECK(decode_volumes(nested(50))->bad == 1);
  CHECK_FALSE(decode_volumes(nested(100)));
  CHECK_FALSE(decode_volumes(nested(1'000'000)));
  CHECK_FALSE(decode_containers(std::string(1'000'000, '[')));
  CHECK_FALSE(decode_details(std::string(1'000'000, '[')));
}

TEST_CASE("JSON with too many values is refused") {
  std::string text = R"({"Volumes":[{"Name":"a","Labels":[)";
  for (int i = 0; i < 1'000'000; ++i) text += "1,";
  CHECK_FALSE(decode_volumes(text + "1]}]}"));
}

TEST_CASE("the containers of Docker 20.10 are decoded with their mounts") {
  const auto containers = decode_containers(kContainers20);
  REQUIRE(containers);
  REQUIRE(containers->items.size() == 1);
  const Container& c3 = containers->items[0];
  CHECK(c3.id == "e0ea9e0fe706cfea927e518fd583977a96fe61563f9651760fcdbcaf73ba15d4");
  CHECK(c3.name == "c3");
  CHECK(c3.state == ContainerState::kStopped);
  REQUIRE(c3.mounts.size() == 2);
  CHECK(c3.mounts[0].type == MountType::kVolume);
  CHECK(c3.mounts[0].volume == "9f6a62ea");
  CHECK(c3.mounts[0].source.empty());
  CHECK(c3.mounts[0].destination == "/anon");
  CHECK(c3.mounts[0].writable);
  CHECK(c3.mounts[1].type == MountType::kBind);
  CHECK(c3.mounts[1].volume.empty());
  CHECK(c3.mounts[1].source == "/tmp/img");
  CHECK_FALSE(c3.mounts[1].writable);
}

TEST_CASE("mounts that the list leaves out are not known, an empty list is none") {
  const auto knows = [](const std::string& fields) {
    return decode_containers(one_container(fields))->items.at(0).knows_mounts;
  };
  CHECK_FALSE(knows(R"("Mounts":null)"));  // Podman 3.4
  CHECK_FALSE(knows(R"("State":"running")"));
  CHECK(knows(R"("Mounts":[])"));
  const auto details = decode_details(
      R"({"Mounts":[{"Type":"volume","Name":"v","Destination":"/d","Driver":"local"}]})");
  REQUIRE(details);
  REQUIRE(details->mounts);
  CHECK(details->mounts->at(0).volume == "v");
  CHECK_FALSE(decode_details("{}")->mounts);
}

TEST_CASE("before API 1.25 a mount with a driver is a volume") {
  const auto containers = decode_containers(one_container(
      R"("Mounts":[{"Name":"data","Driver":"local","Source":"/v","Destination":"/d","RW":true},)"
      R"({"Name":"","Driver":"","Source":"/srv","Destination":"/s","RW":true}])"));
  REQUIRE(containers);
  CHECK(containers->items.at(0).mounts.at(0).type == MountType::kVolume);
  CHECK(containers->items.at(0).mounts.at(1).type == MountType::kBind);
}

TEST_CASE("unused fields may be of any size") {
  std::string ports = "[";
  for (int i = 0; i < 300'000; ++i) ports += R"({"PrivatePort":1,"Type":"tcp"},)";
  ports.back() = ']';
  const auto containers = decode_containers(
      one_container("\"Ports\":" + ports + R"(,"Mounts":[],"Extra":{"a":[{"b":1}]})"));
  REQUIRE(containers);
  CHECK(containers->items.at(0).knows_mounts);
}

TEST_CASE("the containers of Podman 4.3 are decoded") {
  const auto containers = decode_containers(kContainersPodman);
  REQUIRE(containers);
  REQUIRE(containers->items.size() == 1);
  CHECK(containers->bad == 0);
  CHECK(containers->items[0].name == "c1");
  CHECK(containers->items[0].state == ContainerState::kCreated);
  CHECK_FALSE(containers->items[0].mounts.at(0).writable);
}

TEST_CASE("the containers of Docker 29 with the containerd store are decoded") {
  const auto containers = decode_containers(one_container(
      R"("ImageManifestDescriptor":{"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
      R"("digest":"sha256:0","size":480,"platform":{"os":"linux"}},"State":"running",)"
      R"("Health":{"Status":"none","FailingStreak":0},"HostConfig":{"NetworkMode":"bridge",)"
      R"("Annotations":{"a":"b"}},"Mounts":[{"Type":"image","Name":"sha256:1","Source":"/x",)"
      R"("Destination":"/model","Mode":"","RW":false,"Propagation":""}])"));
  REQUIRE(containers);
  REQUIRE(containers->items.size() == 1);
  CHECK(containers->items[0].mounts.at(0).type == MountType::kImage);
  CHECK(containers->items[0].mounts.at(0).volume.empty());
}

TEST_CASE("an image mount that Podman lists twice is one mount") {
  const auto containers = decode_containers(one_container(
      R"("Mounts":[{"Type":"image","Source":"busybox","Destination":"/model","RW":false},)"
      R"({"Type":"bind","Source":"/x/merged","Destination":"/model","RW":false},)"
      R"({"Type":"bind","Source":"/x/other","Destination":"/a","RW":true},)"
      R"({"Type":"bind","Source":"/x/other","Destination":"/a","RW":true}])"));
  REQUIRE(containers);
  CHECK(containers->bad == 1);  // two bind mounts at one destination are none of that
  const auto& mounts = containers->items.at(0).mounts;
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].type == MountType::kImage);
  CHECK(mounts[0].source == "busybox");
  CHECK(mounts[1].destination == "/a");
}

TEST_CASE("the states of Docker and Podman map to created, running and stopped") {
  const auto state_of = [](const std::string& state) {
    const auto containers = decode_containers(one_container(R"("State":")" + state + "\""));
    return containers->items.at(0).state;
  };
  for (const auto state : {"running", "paused", "restarting", "stopping"}) {
    CHECK(state_of(state) == ContainerState::kRunning);
  }
  for (const auto state : {"created", "configured", "initialized"}) {
    CHECK(state_of(state) == ContainerState::kCreated);
  }
  for (const auto state : {"exited", "dead", "removing", "stopped", "", "unheard-of"}) {
    CHECK(state_of(state) == ContainerState::kStopped);
  }
}

TEST_CASE("links of a container are not taken for its name") {
  const auto linked = decode_containers(R"([{"Id":"abc","Names":["/proxy/db","/db"]}])");
  CHECK(linked->items.at(0).name == "db");
}

TEST_CASE("a container without a name (being removed) is named by its short id") {
  const auto containers = decode_containers(
      R"([{"Id":"0123456789abcdef","Names":null,"State":"removing","Mounts":null}])");
  REQUIRE(containers);
  CHECK(containers->items.at(0).name == "0123456789ab");
}

TEST_CASE("a container with a duplicate id or name is rejected") {
  const auto containers = decode_containers(
      R"([{"Id":"1","Names":["/b"]},{"Id":"1","Names":["/a"]},{"Id":"2","Names":["/b"]},)"
      R"({"Id":"3","Names":["/c"]}])");
  REQUIRE(containers);
  REQUIRE(containers->items.size() == 2);
  CHECK(containers->items[0].id == "1");
  CHECK(containers->items[0].name == "b");
  CHECK(containers->items[1].id == "3");
  CHECK(containers->bad == 2);
}

TEST_CASE("a malformed mount is rejected alone") {
  const auto containers = decode_containers(one_container(
      R"("Mounts":[{"Type":"volume","Name":"v","Destination":"/d"},7,{"Type":"bind"},)"
      R"({"Type":"volume","Name":"w","Destination":"/d"},{"Type":"volume","Destination":"/e"}])"));
  REQUIRE(containers);
  REQUIRE(containers->items.size() == 1);
  REQUIRE(containers->items[0].mounts.size() == 1);
  CHECK(containers->items[0].mounts[0].volume == "v");
  CHECK(containers->bad == 4);
}

TEST_CASE("a container with fields of wrong types is rejected alone") {
  const auto containers = decode_containers(
      R"([{"Id":1},{"Id":"a","Names":"/a"},{"Id":"b","Names":[1]},{"Id":"c","Mounts":{}},)"
      R"({"Id":"","Names":[]},{"Id":"ok","Names":["/ok"]}])");
  REQUIRE(containers);
  CHECK(containers->items.size() == 1);
  CHECK(containers->bad == 5);
}

TEST_CASE("the times of a container that never ran are absent") {
  const auto details = decode_details(
      R"({"Id":"2c42","State":{"Status":"running","StartedAt":"2026-11-23T05:56:53.030326063Z",)"
      R"("FinishedAt":"0001-01-01T00:00:00Z"},"HostConfig":{"Tmpfs":{"/scratch":"","/b":"rw"},)"
      R"("ReadonlyRootfs":true}})");
  REQUIRE(details);
  CHECK(details->started_at == parse_rfc3339("2026-11-23T05:56:53.030326063Z"));
  CHECK_FALSE(details->finished_at);
  CHECK(details->tmpfs == std::vector<std::string>{"/b", "/scratch"});
  CHECK(details->readonly_rootfs);
}

TEST_CASE("bind mounts of --mount are strict unless their source is to be created") {
  const auto strict = [](const std::string& mounts) {
    return decode_details(R"({"HostConfig":{"Mounts":)" + mounts + "}}")->strict_binds;
  };
  using Paths = std::vector<std::string>;
  CHECK(
      strict(
          R"([{"Type":"bind","Source":"/s","Target":"/a"},)"
          R"({"Type":"bind","Source":"/s","Target":"/b","BindOptions":{"CreateMountpoint":true}},)"
          R"({"Type":"volume","Source":"v","Target":"/c"},)"
          R"({"Type":"bind","Source":"/s","Target":"/d","BindOptions":{"Propagation":"rslave"}}])") ==
      Paths{"/a", "/d"});
  CHECK(strict("null").empty());
  CHECK(strict(R"([7,{"Type":"bind","Target":7},{"Type":"bind"},)"
               R"({"Type":"bind","Target":"/a","BindOptions":[]}])")
            .empty());
}

TEST_CASE("the propagation of a mount is decoded") {
  const auto containers = decode_containers(one_container(
      R"("Mounts":[{"Type":"bind","Source":"/s","Destination":"/a","Propagation":"rslave"},)"
      R"({"Type":"bind","Source":"/s","Destination":"/b","Propagation":"shared"},)"
      R"({"Type":"bind","Source":"/s","Destination":"/c","Propagation":"rprivate"},)"
      R"({"Type":"volume","Name":"v","Destination":"/d","Propagation":""}])"));
  REQUIRE(containers);
  const auto& mounts = containers->items.at(0).mounts;
  REQUIRE(mounts.size() == 4);
  CHECK(mounts[0].propagation == Propagation::kSlave);
  CHECK(mounts[1].propagation == Propagation::kShared);
  CHECK(mounts[2].propagation == Propagation::kPrivate);
  CHECK(mounts[3].propagation == Propagation::kPrivate);
}

TEST_CASE("the process id of a container is present only while it runs") {
  const auto pid = [](const std::string& text) {
    return decode_details(R"({"State":{"Pid":)" + text + "}}")->pid;
  };
  CHECK(pid("4711") == 4711U);
  CHECK(pid("4294967295") == 4294967295U);
  for (const auto text :
       {"0", "-1", "1.5", "4294967296", "99999999999999999999", "null", R"("7")", "[7]"}) {
    CAPTURE(text);
    CHECK_FALSE(pid(text));
  }
}

TEST_CASE("null fields of the details are absent") {
  const auto details = decode_details(R"({"State":null,"HostConfig":{"Tmpfs":null}})");
  REQUIRE(details);
  CHECK_FALSE(details->started_at);
  CHECK(details->tmpfs.empty());
  CHECK_FALSE(decode_details("[]"));
  CHECK_FALSE(decode_details("null"));
}

}  // namespace volumeter::docker::decode_test
