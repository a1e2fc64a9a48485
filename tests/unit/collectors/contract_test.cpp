// SPDX-License-Identifier: Apache-2.0
// The contract of all built-in collectors, checked on a snapshot with all kinds of facts.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "collectors/builtin.h"
#include "exporter/metrics/server_metrics.h"
#include "exporter/model/inventory_builder.h"
#include "exporter/model/volume_io.h"

namespace volumeter::contract_test {
namespace {

// Declared metrics without data in the snapshot below, each with the reason.
const std::map<std::string_view, std::string_view> kNotInSnapshot = {};

// A server after one response.
std::shared_ptr<const ServerMetrics> rich_server() {
  const auto server = std::make_shared<ServerMetrics>([] { return 3U; });
  server->responded(200, 1);
  server->scraped(Seconds(0.1));
  return server;
}

docker::Volume volume(std::string name, std::string mountpoint) {
  return {.name = std::move(name),
          .driver = "local",
          .scope = "local",
          .mountpoint = std::move(mountpoint),
          .created_at = from_unix_seconds(1'700'000'000),
          .labels = {{"team", "storage"}, {"com.docker.compose.project", "openclaw"}},
          .options = {}};
}

docker::Facts rich_docker() {
  docker::Facts facts;
  facts.engine = {"docker", "20.10.24", "1.41", "overlay2", "/var/lib/docker"};
  facts.volumes = {volume("db", "/var/lib/docker/volumes/db/_data"),
                   volume("models", "/var/lib/docker/volumes/models/_data"),
                   volume("nasty \"\\\n", "/var/lib/docker/volumes/nasty/_data"),
                   volume("plugin", "")};
  facts.volumes[3].scope = "global";
  facts.volumes[1].options = {{"type", "nfs"}, {"device", ":/models"}};
  using docker::MountType;
  docker::Container database{
      .id = "1",
      .name = "database",
      .state = docker::ContainerState::kRunning,
      .labels = {{"com.docker.compose.service", "database"}},
      .mounts = {{MountType::kVolume, "db", "", "/data", true},
                 {MountType::kVolume, "db", "", "/again", false},
                 {MountType::kBind, "", "/var/lib/docker/volumes/nasty/_data", "/bound", false},
                 {MountType::kBind, "", "/srv", "/srv", true},
                 {MountType::kTmpfs, "", "", "/cache", true}}};
  docker::Container twin = database;
  twin.id = "2";
  twin.name = "twin";
  twin.state = docker::ContainerState::kStopped;
  facts.containers = {database, twin};
  facts.details["2"].finished_at = from_unix_seconds(1'700'000'500);
  facts.details["2"].start_error =
      "invalid mount config for type \"bind\": bind source path does not exist: /srv";
  facts.volume_drivers = {{"local", "local", true}, {"nas:latest", "", false}};
  return facts;
}

Inventory rich_inventory() {
  const docker::Facts facts = rich_docker();
  const MountList mounts(parse_mountinfo("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                                         "2 1 8:17 / /var/lib/docker rw - ext4 /dev/sdb1 ro\n")
                             .items);
  BlockDevice disk;
  disk.name = "sdb";
  disk.number = {8, 16};
  disk.model = "QEMU HARDDISK";
  disk.rotational = false;
  BlockDevice partition;
  partition.name = "sdb1";
  partition.number = {8, 17};
  partition.is_partition = true;
  partition.parents = {"sdb"};
  return build_inventory({.docker = &facts,
                          .mounts = &mounts,
                          .resolved = [](const std::string& path) { return path; },
                          .devices_below =
                              [&](const Mount&) {
                                return std::vector{partition, disk};
                              },
                          .user_labels = {"team"},
                          .measured_binds = *PathPattern::parse("/srv")});
}

template <typename T>
Sampled<T> sampled(T value) {
  Sampled<T> made;
  made.accept(Result<T>(std::move(value)), from_unix_seconds(1'700'000'900), Seconds(0.5));
  return made;
}

IoCounts some_calls() {
  IoCounts counts;
  counts.operations = 3;
  counts.bytes = 12288;
  counts.nanoseconds = 3'000'000;
  counts.latency[10] = 3;
  counts.failed_with(IoError::kEnospc) = 1;
  return counts;
}

MountIoReadings rich_mount_io() {
  const MountIo io{some_calls(), some_calls(), some_calls(), 1};
  return {.mounts = {{{"database", "/"}, io}, {{"database", "/data"}, io}, {{"twin", "/data"}, io}},
          .volumes = {{"db", io}},
          .uncounted_volumes = {"nasty \"\\\n"}};
}

HostSnapshot rich_snapshot() {
  HostSnapshot host;
  host.taken_at = from_unix_seconds(1'700'001'000);
  host.build = {"1.2.3", "abc\"def"};
  host.docker_up = true;
  host.listed_at = from_unix_seconds(1'700'000'950);
  host.inventory = std::make_shared<const Inventory>(rich_inventory());
  host.filesystem_errors = {2};
  host.filesystems = std::make_shared<const FilesystemReadings>(
      FilesystemReadings{{"/var/lib/docker", sampled(FsUsage{.size_bytes = 100,
                                                             .free_bytes = 50,
                                                             .avail_bytes = 40,
                                                             .files = 10,
                                                             .files_free = 5})}});
  SpaceUsage space{.method = SizeMethod::kWalk,
                   .apparent_bytes = 9,
                   .allocated_bytes = 4096,
                   .inodes = 2,
                   .limit_bytes = 8192,
                   .errors = 0,
                   .last_modified = from_unix_seconds(1'700'000'100),
                   .contents = TreeContents{.files = 1, .directories = 1}};
  SizeReading reading{.space = sampled(space), .entries = 2, .drift_bytes = 0};
  host.sizes = std::make_shared<const SizeReadings>(
      SizeReadings{{"db", reading}, {"bind:/srv", reading}, {"tmpfs:database:/cache", reading}});
  host.nfs.resize(host.inventory->volumes.size());
  host.nfs[0] = NfsStats{.source = "s:/db",
                         .mount_point = "/var/lib/docker/volumes/db/_data",
                         .bytes = NfsBytes{},
                         .operations = {{.name = "READ", .completed = 1, .errors = 0},
                                        {.name = "WRITE", .completed = 2, .errors = 0}}};
  host.size_work = SizeWork{.budget_cpu_share = 0.05};
  host.usage = std::make_shared<const UsageTimes>(
      UsageTimes{{"db", {.first_seen = 1, .last_used = {}, .in_use = true, .created = {}}},
                 {"models", {.first_seen = 1, .last_used = 2, .in_use = false, .created = {}}}});
  host.mount_mismatches =
      std::make_shared<const std::vector<MountMismatchFacts>>(std::vector<MountMismatchFacts>{
          {Label("database"), Label("/data"), MountMismatch::kReadOnly}});
  host.disks = std::make_shared<const DiskList>(
      parse_diskstats("8 16 sdb 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
                      "8 17 sdb1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 0 0\n")
          .items);
  host.mount_io = std::make_shared<const MountIoReadings>(rich_mount_io());
  host.device_latency = {{.number = {8, 16}, .reads = some_calls(), .writes = some_calls()}};
  host.container_io.resize(host.inventory->containers.size());
  host.container_io[0] =
      ContainerIo{.devices = {{{8, 16}, 1, 2, 512, 1024, Label("sdb")}},
                  .pressure = IoPressure{std::chrono::seconds(2), std::chrono::seconds(1)}};
  host.process = {.cpu_seconds = 1.5,
                  .resident_bytes = 1,
                  .virtual_bytes = 2,
                  .start_time = from_unix_seconds(1'700'000'000),
                  .open_fds = 3,
                  .max_fds = 1024};
  SourceHealth docker{.name = "docker"};
  docker.succeeded(from_unix_seconds(1'700'000'950), 1);
  SourceHealth statfs{.name = "statfs"};
  statfs.failed({ErrorKind::kTimeout, "/mnt", "does not answer"});
  host.sources = {docker, statfs};
  host.volume_io = volume_io(host);
  return host;
}

struct Built {
  std::string_view name;
  std::unique_ptr<Collector> collector;
};

std::vector<Built> all_collectors() {
  std::vector<Built> all;
  for (const CollectorEntry& entry : builtin_collectors()) {
    all.push_back({entry.name, entry.make(rich_server())});
  }
  return all;
}

std::vector<const MetricDesc*> all_descs() {
  std::vector<const MetricDesc*> all;
  for (const Built& built : all_collectors()) {
    const auto described = built.collector->describe();
    all.insert(all.end(), described.begin(), described.end());
  }
  return all;
}

bool is_legal_name(std::string_view name, std::string_view more_than_letters) {
  const auto legal = [&](char c) {
    return (c >= 'a' && c <= 'z') || more_than_letters.find(c) != std::string_view::npos;
  };
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(), legal);
}

// The samples of a family as "name{a|b|}", which must be unique.
std::vector<std::string> series_of(const Family& family) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < family.size(); ++i) {
    std::string series = std::string(family.desc().name) + "{";
    for (const LabelRef& label : family.labels(i)) series += std::string(label.text()) + "|";
    all.push_back(series + "}");
  }
  return all;
}

}  // namespace

TEST_CASE("a collector emits only metrics that it declares") {
  const HostSnapshot host = rich_snapshot();
  for (const Built& built : all_collectors()) {
    const auto declared = built.collector->describe();
    const MetricFamilies out = built.collector->collect(host);
    for (const Family& family : out.families()) {
      CAPTURE(built.name, family.desc().name);
      CHECK(std::find(declared.begin(), declared.end(), &family.desc()) != declared.end());
    }
  }
}

TEST_CASE("a snapshot with all facts yields every declared metric") {
  const HostSnapshot host = rich_snapshot();
  std::set<std::string_view> emitted;
  std::vector<Built> all = all_collectors();
  for (const Built& built : all) {
    const MetricFamilies out = built.collector->collect(host);
    for (const Family& family : out.families()) {
      if (family.size() > 0) emitted.insert(family.desc().name);
    }
  }
  for (const MetricDesc* desc : all_descs()) {
    CAPTURE(desc->name);
    CHECK(emitted.contains(desc->name) != kNotInSnapshot.contains(desc->name));
  }
}

TEST_CASE("a metric is declared exactly once") {
  std::set<std::string_view> names;
  for (const MetricDesc* desc : all_descs()) {
    CAPTURE(desc->name);
    CHECK(names.insert(desc->name).second);
  }
}

TEST_CASE("a metric name is legal, has our prefix, and ends in _total only for counters") {
  for (const MetricDesc* desc : all_descs()) {
    CAPTURE(desc->name);
    CHECK(is_legal_name(desc->name, "0123456789_"));
    CHECK((desc->name.starts_with("docker_") || desc->name.starts_with("volumeter_") ||
           desc->name.starts_with("process_")));
    CHECK(desc->name.ends_with("_total") == (desc->type == MetricType::kCounter));
    for (const auto* reserved : {"_sum", "_count", "_bucket"}) {
      CHECK_FALSE(desc->name.ends_with(reserved));
    }
  }
}

TEST_CASE("a HELP text is one line that ends with a period") {
  for (const MetricDesc* desc : all_descs()) {
    CAPTURE(desc->name, desc->help);
    CHECK(desc->help.size() > 1);
    CHECK(desc->help.ends_with('.'));
    CHECK(desc->help.find_first_of("\n\r\t") == std::string_view::npos);
    CHECK(desc->help.find("  ") == std::string_view::npos);
  }
}

TEST_CASE("label names are legal, unique, and do not clash with common target labels") {
  const std::set<std::string_view> sites_own = {"service", "instance", "job",     "type",
                                                "region",  "zone",     "cluster", "env"};
  for (const MetricDesc* desc : all_descs()) {
    std::set<std::string_view> names;
    for (const std::string_view name : desc->labels.get()) {
      CAPTURE(desc->name, name);
      CHECK(is_legal_name(name, "_"));
      CHECK_FALSE(sites_own.contains(name));
      CHECK_FALSE((name == "le" || name == "quantile"));
      CHECK(names.insert(name).second);
    }
  }
}

TEST_CASE("no series is exported twice") {
  const HostSnapshot host = rich_snapshot();
  for (const Built& built : all_collectors()) {
    const MetricFamilies out = built.collector->collect(host);
    for (const Family& family : out.families()) {
      std::set<std::string> seen;
      for (const std::string& series : series_of(family)) {
        CAPTURE(series);
        CHECK(seen.insert(series).second);
      }
    }
  }
}

TEST_CASE("an info metric is a gauge with the value 1") {
  const HostSnapshot host = rich_snapshot();
  for (const Built& built : all_collectors()) {
    const MetricFamilies out = built.collector->collect(host);
    for (const Family& family : out.families()) {
      if (!family.desc().name.ends_with("_info")) continue;
      CAPTURE(family.desc().name);
      CHECK(family.desc().type == MetricType::kGauge);
      for (const double value : family.values()) CHECK(value == 1);
    }
  }
}

TEST_CASE("without any facts about the host, collectors export no zeros") {
  HostSnapshot host;
  host.inventory = std::make_shared<const Inventory>();
  host.filesystems = std::make_shared<const FilesystemReadings>();
  host.sizes = std::make_shared<const SizeReadings>();
  host.usage = std::make_shared<const UsageTimes>();
  for (const CollectorEntry& entry : builtin_collectors()) {
    const auto collector = entry.make(nullptr);
    const MetricFamilies out = collector->collect(host);
    for (const Family& family : out.families()) {
      CAPTURE(family.desc().name);
      const bool is_known =
          family.desc().name == "docker_up" || family.desc().name == "volumeter_build_info";
      CHECK(family.size() == (is_known ? 1 : 0));
    }
  }
}

TEST_CASE("collector names are valid in flags, and each collector has a line for --help") {
  std::set<std::string_view> names;
  for (const CollectorEntry& entry : builtin_collectors()) {
    CAPTURE(entry.name);
    CHECK(is_legal_name(entry.name, "_"));
    CHECK(names.insert(entry.name).second);
    CHECK_FALSE(entry.about.empty());
  }
}

}  // namespace volumeter::contract_test
