// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/cgroup/cgroup_paths.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::cgroup_paths_test {
namespace {

const std::string kId(64, 'a');
const std::string kOther(64, 'b');

MountList mounts_of(const std::string& mountinfo) {
  return MountList(parse_mountinfo(mountinfo).items);
}

const std::string kV2 = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string kV1 =
    "31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs rw\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "33 31 0:30 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n";
const std::string kHybrid = kV1 + "34 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

// The directory of the counters, and that of the pressure if different.
std::string folders(const std::string& mountinfo, const std::string& cgroups,
                    const HostPaths& paths = {}) {
  const auto memberships = parse_cgroup_memberships(cgroups);
  CHECK(memberships.bad == 0);
  const auto found =
      find_cgroup_folders(paths, find_cgroup_mounts(mounts_of(mountinfo)), memberships.items, kId);
  if (!found) return std::string(to_string(found.error().kind));
  if (found->pressure == found->counters) return found->counters;
  return found->counters + " " + found->pressure.value_or("none");
}

TEST_CASE("lines of /proc/PID/cgroup are parsed") {
  const auto parsed = parse_cgroup_memberships(
      "5:blkio:/docker/a:b\n4:cpu,cpuacct:/\n1:name=systemd:/user.slice\n0::/init.scope\n");
  REQUIRE(parsed.items.size() == 4);
  CHECK(parsed.items[0].controllers == "blkio");
  CHECK(parsed.items[0].path == "/docker/a:b");
  CHECK(parsed.items[1].controllers == "cpu,cpuacct");
  CHECK(parsed.items[2].controllers == "name=systemd");
  CHECK(parsed.items[3].controllers.empty());
  CHECK(parsed.items[3].path == "/init.scope");
}

TEST_CASE("a malformed line of /proc/PID/cgroup is rejected alone") {
  const auto parsed = parse_cgroup_memberships(
      "x:blkio:/a\n5:blkio\n5:blkio:a\n5::/a\n0:blkio:/a\n-1::/a\n\n7:pids:/ok\n");
  CHECK(parsed.bad == 6);
  REQUIRE(parsed.items.size() == 1);
  CHECK(parsed.items[0].path == "/ok");
}

TEST_CASE("the cgroup path of a container ends at the component with its id") {
  CHECK(container_cgroup("/docker/" + kId, kId) == "/docker/" + kId);
  const std::string scope = "/system.slice/docker-" + kId + ".scope";
  CHECK(container_cgroup(scope, kId) == scope);
  CHECK(container_cgroup(scope + "/init.scope", kId) == scope);
  CHECK(container_cgroup("/docker/" + kId + "/docker/" + kOther, kId) == "/docker/" + kId);
  CHECK(container_cgroup("/docker/" + kOther + "/docker/" + kId, kId) ==
        "/docker/" + kOther + "/docker/" + kId);
}

TEST_CASE("a path without the container id is not its cgroup") {
  CHECK_FALSE(container_cgroup("/", kId));
  CHECK_FALSE(container_cgroup("/system.slice/docker.service", kId));
  CHECK_FALSE(container_cgroup("/docker/" + kOther, kId));  // a reused process id
  CHECK_FALSE(container_cgroup("/docker/1", "1"));
  CHECK_FALSE(container_cgroup("/docker/", ""));
}

TEST_CASE("cgroup v2 has one directory per container with either cgroup driver") {
  const std::string scope = "/system.slice/docker-" + kId + ".scope";
  CHECK(folders(kV2, "0::" + scope + "\n") == "/sys/fs/cgroup" + scope);
  CHECK(folders(kV2, "0::/docker/" + kId + "\n") == "/sys/fs/cgroup/docker/" + kId);
  const std::string rootless =
      "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + kId + ".scope";
  CHECK(folders(kV2, "0::" + rootless + "\n") == "/sys/fs/cgroup" + rootless);
}

TEST_CASE("cgroup v1 counters are below the blkio mount, without pressure") {
  const std::string cgroups =
      "5:blkio:/docker/" + kId + "\n4:cpu,cpuacct:/docker/" + kId + "\n0::/\n";
  CHECK(folders(kV1, cgroups) == "/sys/fs/cgroup/blkio/docker/" + kId + " none");
  CHECK(folders(kHybrid, cgroups) == "/sys/fs/cgroup/blkio/docker/" + kId + " none");
}

TEST_CASE("in hybrid mode containers with a cgroup v2 have pressure") {
  const std::string scope = "/system.slice/docker-" + kId + ".scope";
  CHECK(folders(kHybrid, "5:blkio:" + scope + "\n0::" + scope + "\n") ==
        "/sys/fs/cgroup/blkio" + scope + " /sys/fs/cgroup/unified" + scope);
}

TEST_CASE("blkio can be mounted together with other controllers") {
  CHECK(folders("33 31 0:30 / /cgroups/all rw - cgroup cgroup rw,cpu,blkio,memory\n",
                "2:cpu,blkio,memory:/docker/" + kId + "\n",
                {.rootfs = "/host"}) == "/host/cgroups/all/docker/" + kId + " none");
}

TEST_CASE("cgroup directories are below --path.sysfs") {
  CHECK(folders(kV2, "0::/docker/" + kId, {.sysfs = "/host/sys"}) ==
        "/host/sys/fs/cgroup/docker/" + kId);
}

TEST_CASE("the root of the cgroup mount is removed from the path") {
  const std::string inside = "30 23 0:26 /docker/" + kOther + " /sys/fs/cgroup rw - cgroup2 c rw\n";
  CHECK(folders(inside, "0::/docker/" + kOther + "/docker/" + kId) ==
        "/sys/fs/cgroup/docker/" + kId);
  CHECK(folders(inside, "0::/docker/" + kOther + kId) == "unsupported");
  CHECK(folders(inside, "0::/docker/" + kId) == "unsupported");
}

TEST_CASE("a path outside the cgroup namespace is unsupported") {
  CHECK(folders(kV2, "0::/../" + kId) == "unsupported");
  const std::string outside = "30 23 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  CHECK(folders(outside, "0::/../docker-" + kId + ".scope") == "unsupported");
  CHECK(folders(outside, "0::/../../../docker/" + kId) == "unsupported");
  CHECK(folders(outside, "0::/../../docker/" + kId) == "/sys/fs/cgroup/docker/" + kId);
}

TEST_CASE("without a hierarchy with I/O statistics there is no directory") {
  CHECK(folders("", "0::/docker/" + kId) == "unsupported");
  CHECK(folders(kV2, "") == "not_found");
  CHECK(folders("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
                "3:cpu:/docker/" + kId) == "unsupported");
}

TEST_CASE("a mount of the whole hierarchy is preferred") {
  CHECK(folders("40 23 0:26 /docker /cg rw - cgroup2 cgroup2 rw\n" + kV2, "0::/docker/" + kId) ==
        "/sys/fs/cgroup/docker/" + kId);
}

}  // namespace
}  // namespace volumeter::cgroup_paths_test
