// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/path_resolver.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "exporter/model/places.h"

namespace volumeter::path_resolver_test {
namespace {

// A host whose paths lead where a test wants and whose clock is moved by hand.
struct LinkedHost {
  std::map<std::string, Result<std::string>> links;  // others lead to themselves
  std::vector<std::vector<std::string>> rounds;      // asked paths
  SteadyTime now;
  HostAccess access;

  LinkedHost() {
    access.steady_now = [this] { return now; };
    access.resolve = [this](const std::vector<Place>& places, std::stop_token) {
      std::vector<Result<std::string>> answers;
      auto& asked = rounds.emplace_back();
      for (const Place& place : places) {
        asked.push_back(place.path);
        const auto found = links.find(place.path);
        answers.push_back(found == links.end() ? Result<std::string>(place.path) : found->second);
      }
      return answers;
    };
  }
};

docker::Facts with_binds(const std::vector<std::string>& sources) {
  docker::Facts facts;
  auto& container = facts.containers.emplace_back();
  for (const std::string& source : sources) {
    docker::ContainerMount mount;
    mount.type = docker::MountType::kBind;
    mount.source = source;
    container.mounts.push_back(mount);
  }
  return facts;
}

docker::Volume local(std::string name, docker::StringMap options) {
  docker::Volume volume;
  volume.mountpoint = "/var/lib/docker/volumes/" + name + "/_data";
  volume.name = std::move(name);
  volume.driver = "local";
  volume.options = std::move(options);
  return volume;
}

TEST_CASE(
    "the folder of volumes, each volume in it, sources of bind mounts and devices of bind volumes "
    "are "
    "resolved") {
  docker::Facts facts;
  facts.volumes = {local("plain", {}), local("bound", {{"o", "bind"}, {"device", "/srv/a"}}),
                   local("nfs", {{"type", "nfs"}, {"device", ":/export"}})};
  facts.containers = with_binds({"/srv/b"}).containers;
  LinkedHost host;
  for (const char* path : {"/var/lib/docker/volumes", "/srv/a", "/srv/b"}) {
    host.links.emplace(path, "/mnt/real" + std::string(path));
  }
  PathResolver resolver(host.access);
  resolver.set_paths(facts);
  CHECK(resolver.resolve(MountList({}), {}));
  CHECK(resolver.resolved("/var/lib/docker/volumes") == "/mnt/real/var/lib/docker/volumes");
  CHECK(host.rounds.front() ==
        std::vector<std::string>{
            "/srv/a", "/srv/b", "/var/lib/docker/volumes", "/var/lib/docker/volumes/bound/_data",
            "/var/lib/docker/volumes/nfs/_data", "/var/lib/docker/volumes/plain/_data"});
  CHECK(resolver.resolved("/srv/a") == "/mnt/real/srv/a");
  CHECK(resolver.resolved("/srv/b") == "/mnt/real/srv/b");
  CHECK(resolver.resolved(":/export") == ":/export");
}

TEST_CASE("links are followed one at a time, each asked of the mount it leads to") {
  LinkedHost host;
  host.links.emplace("/srv/a", "/mnt/b");
  host.links.emplace("/mnt/b", "/data/c");
  PathResolver resolver(host.access);
  resolver.set_paths(with_binds({"/srv/a", "/srv/plain"}));
  CHECK(resolver.resolve(MountList({}), {}));
  CHECK(resolver.resolved("/srv/a") == "/data/c");
  CHECK(host.rounds ==
        std::vector<std::vector<std::string>>{{"/srv/a", "/srv/plain"}, {"/mnt/b"}, {"/data/c"}});
}

TEST_CASE("a path is asked by the mount that holds it") {
  LinkedHost host;
  std::vector<Place> asked;
  host.access.resolve = [&](const std::vector<Place>& places, std::stop_token) {
    asked = places;
    return std::vector<Result<std::string>>{Result<std::string>(places.at(0).path)};
  };
  PathResolver resolver(host.access);
  resolver.set_paths(with_binds({"/mnt/nas/a"}));
  const MountList mounts(
      parse_mountinfo("40 1 0:50 / /mnt/nas rw - nfs nas:/a rw,addr=10.0.0.5").items);
  CHECK(resolver.resolve(mounts, {}));
  CHECK(asked == std::vector<Place>{place_in(mounts, "/mnt/nas/a")});
  CHECK(asked.at(0).mount_id == 40);
}

TEST_CASE("a path on a mount that hangs or was not asked is asked again, a missing one is not") {
  for (const ErrorKind kind : {ErrorKind::kTimeout, ErrorKind::kNotAsked, ErrorKind::kNotFound}) {
    LinkedHost host;
    host.links.emplace("/srv/a", Error{kind, "/srv/a", "as told"});
    PathResolver resolver(host.access);
    resolver.set_paths(with_binds({"/srv/a", "/srv/b"}));
    CHECK(resolver.resolve(MountList({}), {}));  // the other one
    host.links.clear();
    host.links.emplace("/srv/a", "/data/a");
    const bool is_asked_again = kind != ErrorKind::kNotFound;
    CHECK(resolver.resolve(MountList({}), {}) == is_asked_again);
    CHECK(resolver.resolved("/srv/a") == (is_asked_again ? "/data/a" : "/srv/a"));
    CHECK_FALSE(resolver.resolve(MountList({}), {}));
  }
}

TEST_CASE("a missing path is asked again with the next list, a known one is not") {
  LinkedHost host;
  host.links.emplace("/srv/a", Error{ErrorKind::kNotFound, "/srv/a", "as told"});
  PathResolver resolver(host.access);
  resolver.set_paths(with_binds({"/srv/a", "/srv/b"}));
  resolver.resolve(MountList({}), {});
  host.links.clear();
  host.rounds.clear();
  resolver.set_paths(with_binds({"/srv/a", "/srv/b"}));
  CHECK(resolver.resolve(MountList({}), {}));
  CHECK(host.rounds == std::vector<std::vector<std::string>>{{"/srv/a"}});
}

TEST_CASE("a mount point is known without a question to what is mounted there") {
  LinkedHost host;
  host.links.emplace("/srv/a", "/mnt/nas");
  const MountList mounts(parse_mountinfo("40 1 0:50 / /mnt/nas rw - nfs nas:/a rw").items);
  PathResolver resolver(host.access);
  resolver.set_paths(with_binds({"/mnt/nas", "/srv/a"}));
  CHECK(resolver.resolve(mounts, {}));
  CHECK(resolver.resolved("/srv/a") == "/mnt/nas");
  CHECK_FALSE(resolver.is_missing("/mnt/nas"));
  CHECK(host.rounds == std::vector<std::vector<std::string>>{{"/srv/a"}});
}

TEST_CASE("a path that the host does not have is missing, one that it did not tell of is not") {
  LinkedHost host;
  host.links.emplace("/srv/gone", Error{ErrorKind::kNotFound, "/srv/gone", "as told"});
  host.links.emplace("/srv/hung", Error{ErrorKind::kTimeout, "/srv/hung", "as told"});
  host.links.emplace("/srv/secret", Error{ErrorKind::kPermission, "/srv/secret", "as told"});
  PathResolver resolver(host.access);
  resolver.set_paths(with_binds({"/srv/gone", "/srv/hung", "/srv/secret", "/srv/here"}));
  resolver.resolve(MountList({}), {});
  CHECK(resolver.is_missing("/srv/gone"));
  for (const char* path : {"/srv/hung", "/srv/secret", "/srv/here", "/srv/never-named"}) {
    CAPTURE(path);
    CHECK_FALSE(resolver.is_missing(path));
  }
}

TEST_CASE("a missing path is asked again when something is mounted") {
  LinkedHost host;
  host.links.emplace("/srv/a", Error{ErrorKind::kNotFound, "/srv/a", "as told"});
  PathResolver resolver(host.access);
  resolver.set_paths(with_binds({"/srv/a", "/srv/b"}));
  resolver.resolve(MountList({}, 1), {});
  host.links.clear();
  host.rounds.clear();
  CHECK(resolver.resolve(MountList({}, 2), {}));
  CHECK(host.rounds == std::vector<std::vector<std::string>>{{"/srv/a"}});
  CHECK_FALSE(resolver.is_missing("/srv/a"));
}

TEST_CASE("a directory that was moved and replaced by a link is found within ten minutes") {
  LinkedHost host;
  PathResolver resolver(host.access);
  resolver.set_paths(with_binds({"/srv/a"}));
  resolver.resolve(MountList({}), {});
  host.links.emplace("/srv/a", "/mnt/large/a");
  CHECK_FALSE(resolver.resolve(MountList({}), {}));
  host.now += PathResolver::kAskAgainAfter;
  CHECK(resolver.resolve(MountList({}), {}));
  CHECK(resolver.resolved("/srv/a") == "/mnt/large/a");
  host.now += PathResolver::kAskAgainAfter;
  CHECK_FALSE(resolver.resolve(MountList({}), {}));  // nothing new
}

TEST_CASE("a known path keeps what it leads to while its filesystem hangs") {
  LinkedHost host;
  host.links.emplace("/srv/a", "/mnt/large/a");
  PathResolver resolver(host.access);
  resolver.set_paths(with_binds({"/srv/a"}));
  resolver.resolve(MountList({}), {});
  host.links.insert_or_assign("/srv/a", Error{ErrorKind::kTimeout, "/srv/a", "as told"});
  host.now += PathResolver::kAskAgainAfter;
  CHECK_FALSE(resolver.resolve(MountList({}), {}));
  CHECK(resolver.resolved("/srv/a") == "/mnt/large/a");
}

TEST_CASE("links that lead in a circle lead nowhere") {
  LinkedHost host;
  host.links.emplace("/srv/a", "/srv/b");
  host.links.emplace("/srv/b", "/srv/a");
  PathResolver resolver(host.access);
  resolver.set_paths(with_binds({"/srv/a"}));
  CHECK(resolver.resolve(MountList({}), {}));
  CHECK(resolver.is_missing("/srv/a"));
  CHECK(host.rounds.size() < 50);
}

}  // namespace
}  // namespace volumeter::path_resolver_test
