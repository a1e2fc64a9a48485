// SPDX-License-Identifier: Apache-2.0
// The collectors of measurements other than volume sizes.
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "collectors/builtin.h"
#include "collectors/scan_state.h"

namespace volumeter::measured_test {
namespace {

using Series = std::map<std::string, double>;  // by "name{label value,...}"

Series collect(const Collector& collector, const HostSnapshot& host) {
  Series all;
  const MetricFamilies out = collector.collect(host);
  for (const Family& family : out.families()) {
    for (std::size_t i = 0; i < family.size(); ++i) {
      std::string series = std::string(family.desc().name) + "{";
      for (const LabelRef& label : family.labels(i)) series += std::string(label.text()) + ",";
      series.back() = '}';
      CHECK(all.emplace(series, family.values()[i]).second);
    }
  }
  return all;
}

// A host with the volume "db", the bind mount of /srv/a and the tmpfs /run of "web".
Inventory small_inventory() {
  Inventory inventory;
  VolumeFacts db;
  db.name = "db";
  db.label = Label("db");
  inventory.volumes = {db};
  inventory.binds = {{"/srv/a", Label("/srv/a"), 0, false}};
  ContainerFacts web;
  web.name = Label("web");
  inventory.containers = {web};
  inventory.mounts = {
      {.kind = MountKind::kTmpfs, .container = 0, .destination = Label("/run")},
      {.kind = MountKind::kBind, .container = 0, .destination = Label("/srv")},
  };
  return inventory;
}

HostSnapshot host_with(SizeReadings readings) {
  HostSnapshot host;
  host.inventory = std::make_shared<const Inventory>(small_inventory());
  host.sizes = std::make_shared<const SizeReadings>(std::move(readings));
  return host;
}

SizeReading measured(SpaceUsage usage) {
  SizeReading reading;
  reading.space.accept(std::move(usage), from_unix_seconds(1'700'000'000), Seconds(1));
  return reading;
}

SizeReading failed(ErrorKind kind) {
  SizeReading reading;
  reading.space.accept(Error{kind, "/srv/a", "no"}, {}, Seconds(1));
  return reading;
}

SpaceUsage walked() {
  SpaceUsage usage;
  usage.apparent_bytes = 100;
  usage.allocated_bytes = 4096;
  usage.inodes = 10;
  return usage;
}

SpaceUsage of_own_filesystem() {
  SpaceUsage usage;
  usage.method = SizeMethod::kStatfs;
  usage.allocated_bytes = 8192;
  usage.inodes = 3;
  usage.limit_bytes = 65536;
  return usage;
}

// --- contents ---------------------------------------------------------------------------

TEST_CASE("a walk provides the contents of a volume") {
  SpaceUsage usage = walked();
  usage.contents = TreeContents{.files = 4,
                                .directories = 3,
                                .symlinks = 2,
                                .others = 1,
                                .device_nodes = 6,
                                .setuid_files = 5,
                                .largest_file_bytes = 77,
                                .old_bytes = {40, 30, 20, 10}};
  CHECK(collect(*make_collector("contents"), host_with({{"db", measured(usage)}})) ==
        Series{{"docker_volume_entries{db,file}", 4},
               {"docker_volume_entries{db,directory}", 3},
               {"docker_volume_entries{db,symlink}", 2},
               {"docker_volume_entries{db,other}", 1},
               {"docker_volume_old_bytes{db,7}", 40},
               {"docker_volume_old_bytes{db,30}", 30},
               {"docker_volume_old_bytes{db,90}", 20},
               {"docker_volume_old_bytes{db,365}", 10},
               {"docker_volume_largest_file_bytes{db}", 77},
               {"docker_volume_setuid_files{db}", 5},
               {"docker_volume_device_nodes{db}", 6}});
}

TEST_CASE("the contents of a volume that is not walked are absent") {
  const auto collector = make_collector("contents");
  CHECK(collect(*collector, host_with({{"db", measured(of_own_filesystem())}})).empty());
  CHECK(collect(*collector, host_with({{"db", failed(ErrorKind::kTimeout)}})).empty());
  CHECK(collect(*collector, host_with({})).empty());
}

// --- bind mounts ------------------------------------------------------------------------

TEST_CASE("the source of a bind mount has a size, a method and a state") {
  CHECK(collect(*make_collector("binds"), host_with({{"bind:/srv/a", measured(walked())}})) ==
        Series{{"docker_bind_size_bytes{/srv/a}", 100},
               {"docker_bind_allocated_bytes{/srv/a}", 4096},
               {"docker_bind_inodes_used{/srv/a}", 10},
               {"docker_bind_scan_timestamp_seconds{/srv/a}", 1'700'000'000},
               {"docker_bind_scan_info{/srv/a,walk,measured}", 1}});
}

TEST_CASE("the source of a bind mount without a size has a state") {
  const auto collector = make_collector("binds");
  CHECK(collect(*collector, host_with({})) ==
        Series{{"docker_bind_scan_info{/srv/a,none,pending}", 1}});
  CHECK(collect(*collector, host_with({{"bind:/srv/a", failed(ErrorKind::kNotFound)}})) ==
        Series{{"docker_bind_scan_info{/srv/a,none,not_found}", 1}});
}

TEST_CASE("the source of a bind mount keeps its last known size") {
  SizeReading reading = measured(of_own_filesystem());
  reading.space.accept(Error{ErrorKind::kTimeout, "/srv/a", "no"}, {}, Seconds(1));
  CHECK(collect(*make_collector("binds"), host_with({{"bind:/srv/a", reading}})) ==
        Series{{"docker_bind_allocated_bytes{/srv/a}", 8192},
               {"docker_bind_inodes_used{/srv/a}", 3},
               {"docker_bind_scan_timestamp_seconds{/srv/a}", 1'700'000'000},
               {"docker_bind_scan_info{/srv/a,statfs,timeout}", 1}});
}

// --- tmpfs in containers ----------------------------------------------------------------

TEST_CASE("a tmpfs mount in a container has usage and limit") {
  const auto collector = make_collector("tmpfs");
  CHECK(collect(*collector, host_with({{"tmpfs:web:/run", measured(of_own_filesystem())}})) ==
        Series{{"docker_mount_used_bytes{web,/run}", 8192},
               {"docker_mount_limit_bytes{web,/run}", 65536},
               {"docker_mount_inodes_used{web,/run}", 3}});
  CHECK(collect(*collector, host_with({{"tmpfs:web:/srv", measured(walked())}})).empty());
  CHECK(collect(*collector, host_with({{"tmpfs:web:/run", failed(ErrorKind::kIo)}})).empty());
}

TEST_CASE("a tmpfs mount without a limit has no limit series") {
  SpaceUsage unlimited = of_own_filesystem();
  unlimited.limit_bytes.reset();
  const Series all =
      collect(*make_collector("tmpfs"), host_with({{"tmpfs:web:/run", measured(unlimited)}}));
  CHECK(all.size() == 2);
  CHECK_FALSE(all.contains("docker_mount_limit_bytes{web,/run}"));
}

// --- state and method -------------------------------------------------------------------

TEST_CASE("the state reflects the last measurement") {
  const auto state = [](const SizeReading& reading) {
    return std::string(scan_state(&reading).text());
  };
  CHECK(scan_state(nullptr).text() == "pending");
  CHECK(state({}) == "pending");
  CHECK(state(measured(walked())) == "measured");
  CHECK(state(failed(ErrorKind::kPermission)) == "permission");
  CHECK(state(failed(ErrorKind::kNotFound)) == "not_found");
  CHECK(state(failed(ErrorKind::kTimeout)) == "timeout");
  CHECK(state(failed(ErrorKind::kIo)) == "error");
  CHECK(state(failed(ErrorKind::kUnsupported)) == "error");
}

TEST_CASE("each method has a label value") {
  CHECK(method_label(SizeMethod::kWalk).text() == "walk");
  CHECK(method_label(SizeMethod::kStatfs).text() == "statfs");
  CHECK(method_label(SizeMethod::kQuota).text() == "quota");
  CHECK(method_label(SizeMethod::kQgroup).text() == "qgroup");
}

}  // namespace
}  // namespace volumeter::measured_test
