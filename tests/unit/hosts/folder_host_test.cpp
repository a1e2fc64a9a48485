// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/hosts/folder_host.h"

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace volumeter::folder_host_test {
namespace {

using test::TempFolder;

HostAccess host_of(const TempFolder& folder) {
  auto host = make_folder_host(folder.path());
  INFO((host ? "" : host.error().text()));
  REQUIRE(host);
  return std::move(host).value();
}

HttpReply get(const HostAccess& host, const std::string& target) {
  auto reply = host.docker_get(target, {});
  REQUIRE(reply);
  return std::move(reply).value();
}

Place at(const std::string& path) {
  Place place;
  place.path = path;
  return place;
}

Result<FsUsage> capacity_of(const HostAccess& host, const std::string& path) {
  return statfs_at(host, at(path), {});
}

Result<SpaceUsage> measure(const HostAccess& host, const ScanOrder& order) {
  const auto scan = host.start_scan(order, {});
  if (!scan) return scan.error();
  (*scan)->grant({});
  auto report = (*scan)->receive();
  REQUIRE(report);
  return report->outcome;
}

TEST_CASE("a folder is a host whose clock stands still") {
  const TempFolder folder;
  folder.write("now", "1700000000.5\n");
  const HostAccess host = host_of(folder);
  CHECK(unix_seconds(host.now()) == 1700000000.5);
  CHECK(host.now() == host.now());
  CHECK(host.steady_now() == host.steady_now());
  CHECK(host.paths.proc("stat") == folder / "proc/stat");
  CHECK(host.paths.rootfs == folder.path());
  CHECK(host.build.version == "0.0.0");
  CHECK(host.build.revision == "fixture");
}

TEST_CASE("a folder without a time is no host") {
  const TempFolder folder;
  CHECK(make_folder_host(folder.path()).error().where == folder / "now");
  for (const char* text : {"today", "nan", "1e300", "-5"}) {
    folder.write("now", text);
    CHECK(make_folder_host(folder.path()).error().kind == ErrorKind::kMalformed);
  }
}

TEST_CASE("filesystems of a folder answer, fail or hang as written") {
  const TempFolder folder;
  folder.write("now", "1");
  folder.write("statfs.json",
               R"({"/": {"block_size":4096,"blocks":100,"bfree":50,"bavail":40,"files":9,)"
               R"("ffree":8}, "/mnt/nfs":"hung", "/x":"EACCES"})");
  const HostAccess host = host_of(folder);
  const auto root = capacity_of(host, "/");
  REQUIRE(root);
  CHECK(root->size_bytes == 409600);
  CHECK(root->free_bytes == 204800);
  CHECK(root->avail_bytes == 163840);
  CHECK(root->files == 9);
  CHECK(root->files_free == 8);
  CHECK(capacity_of(host, "/mnt/nfs").error().kind == ErrorKind::kTimeout);
  CHECK(capacity_of(host, "/x").error().kind == ErrorKind::kPermission);
  CHECK(capacity_of(host, "/unknown").error().kind == ErrorKind::kNotFound);
}

TEST_CASE("trees of a folder have the sizes that are written down") {
  const TempFolder folder;
  folder.write("now", "1");
  folder.write("trees.json", R"({"/v": {"apparent_bytes":5,"allocated_bytes":4096,"inodes":2,)"
                             R"("errors":1,"last_modified":1700000000.5}, "/p":"ENOENT"})");
  const HostAccess host = host_of(folder);
  const auto space = measure(host, {.place = at("/v"), .directories = {}});
  REQUIRE(space);
  CHECK(space->apparent_bytes == 5U);
  CHECK(space->allocated_bytes == 4096);
  CHECK(space->inodes == 2U);
  CHECK(space->errors == 1);
  CHECK(unix_seconds(space->last_modified.value()) == 1700000000.5);
  const auto gone = measure(host, {.place = at("/p"), .directories = {}});
  CHECK(gone.error().kind == ErrorKind::kNotFound);
}

TEST_CASE("a filesystem of its own tells its size in a folder, also inside a container") {
  const TempFolder folder;
  folder.write("now", "1");
  folder.write("statfs.json", R"({"/proc/42/root/run": {"block_size": 4096, "blocks": 100,)"
                              R"("bfree": 60, "bavail": 60, "files": 9, "ffree": 8}})");
  const HostAccess host = host_of(folder);
  const auto space =
      measure(host, {.place = {.root = host.paths.procfs + "/42/root", .path = "/run"},
                     .own_filesystem = true,
                     .directories = {}});
  REQUIRE(space);
  CHECK(space->method == SizeMethod::kStatfs);
  CHECK(space->allocated_bytes == 40 * 4096);
  CHECK(space->limit_bytes == 100U * 4096);
  CHECK_FALSE(space->apparent_bytes);
}

TEST_CASE("a link of a folder is followed within a path, or leads nowhere") {
  const TempFolder folder;
  folder.write("now", "1");
  folder.write("links.json", R"({"/a": "/data/a", "/data": "/mnt", "/gone": "ENOENT"})");
  folder.write("trees.json", R"({"/a/tree": {"allocated_bytes": 4096}})");
  const HostAccess host = host_of(folder);
  const auto paths = host.resolve({at("/a/tree"), at("/data/a/tree"), at("/gone/x")}, {});
  REQUIRE(paths.size() == 3);
  CHECK(paths[0].value() == "/data/a/tree");
  CHECK(paths[1].value() == "/mnt/a/tree");
  CHECK(paths[2].error().kind == ErrorKind::kNotFound);
  // A tree is found by either name.
  CHECK(measure(host, {.place = at("/mnt/a/tree"), .directories = {}}));
  CHECK(measure(host, {.place = at("/a/tree"), .directories = {}}));
}

TEST_CASE("links of a folder lead elsewhere, other paths to themselves") {
  const TempFolder folder;
  folder.write("now", "1");
  folder.write("links.json", R"({"/a": "/data/a"})");
  const HostAccess host = host_of(folder);
  const auto paths = host.resolve({at("/a"), at("/b")}, {});
  REQUIRE(paths.size() == 2);
  CHECK(paths[0].value() == "/data/a");
  CHECK(paths[1].value() == "/b");
}

TEST_CASE("malformed JSON in a folder is an error that names the file") {
  const TempFolder folder;
  folder.write("now", "1");
  for (const char* text : {"{", "[]", R"({"/": {"block_size": -1}})", R"({"/": "EWHAT"})",
                           R"({"/": null})", R"({"/": {}})"}) {
    folder.write("statfs.json", text);
    const auto host = make_folder_host(folder.path());
    INFO(text);
    REQUIRE_FALSE(host);
    CHECK(host.error().kind == ErrorKind::kMalformed);
    CHECK(host.error().where == folder / "statfs.json");
  }
}

TEST_CASE("a folder without docker has no daemon") {
  const TempFolder folder;
  folder.write("now", "1");
  const auto reply = host_of(folder).docker_get("/_ping", {});
  REQUIRE_FALSE(reply);
  CHECK(reply.error().kind == ErrorKind::kNotFound);
}

TEST_CASE("files in docker are the answers of the engine") {
  const TempFolder folder;
  folder.write("now", "1");
  folder.write("docker/_ping.json", R"({"Api-Version":"1.41","Libpod-Api-Version":"4.3.1"})");
  folder.write("docker/containers/json.json", "[1]");
  folder.write("docker/containers/abc/json.json", "HTTP 403\n{\"message\":\"no\"}");
  folder.write("docker/volumes.json", "[2]");
  const HostAccess host = host_of(folder);
  CHECK(get(host, "/_ping").api_version == "1.41");
  CHECK(get(host, "/_ping").podman);
  CHECK(get(host, "/_ping").body == "OK");
  CHECK(get(host, "/v1.41/containers/json?all=1").body == "[1]");
  CHECK(get(host, "/volumes").body == "[2]");
  CHECK(get(host, "/v1.41/containers/abc/json").status == 403);
  CHECK(get(host, "/v1.41/containers/abc/json").body == R"({"message":"no"})");
  CHECK(get(host, "/v1.41/version").status == 404);
}

TEST_CASE("a damaged _ping is an error that names the file") {
  const TempFolder folder;
  folder.write("now", "1");
  folder.write("docker/_ping.json", "{");
  const auto reply = host_of(folder).docker_get("/_ping", {});
  REQUIRE_FALSE(reply);
  CHECK(reply.error().where == folder / "docker/_ping.json");
}

TEST_CASE("the event stream of a folder ends at once") {
  const TempFolder folder;
  folder.write("now", "1");
  bool called = false;
  const auto ended =
      host_of(folder).docker_stream("/events", [&](std::string_view) { return called = true; }, {});
  CHECK(ended);
  CHECK_FALSE(called);
}

}  // namespace
}  // namespace volumeter::folder_host_test
