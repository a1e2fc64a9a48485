// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "collectors/builtin.h"
#include "exporter/model/inventory_builder.h"
#include "exporter/model/volume_io.h"

namespace volumeter::io_test {
namespace {

using Labels = std::vector<std::string>;

docker::Volume volume(const std::string& name) {
  return {.name = name, .mountpoint = "/var/lib/docker/volumes/" + name + "/_data"};
}

docker::Container container(const std::string& name, std::vector<docker::ContainerMount> mounts,
                            docker::ContainerState state = docker::ContainerState::kRunning) {
  return {.id = "id of " + name, .name = name, .state = state, .mounts = std::move(mounts)};
}

docker::ContainerMount mount(const std::string& volume, const std::string& destination) {
  return {docker::MountType::kVolume, volume, "", destination, true};
}

IoCounts calls(std::uint64_t count) {
  IoCounts counts;
  counts.operations = count;
  counts.bytes = count * 4096;
  counts.nanoseconds = count * 1'000'000;
  counts.latency[10] = count;
  return counts;
}

MountIo io(std::uint64_t reads, std::uint64_t writes, std::uint64_t fsyncs = 0) {
  return {.reads = calls(reads), .writes = calls(writes), .fsyncs = calls(fsyncs)};
}

// Of the filesystem on the whole of sdb.
std::vector<BlockDevice> device_of(const Mount& mount) {
  if (mount.source != "/dev/sdb") return {};
  BlockDevice disk;
  disk.name = "sdb";
  disk.number = {8, 16};
  return {disk};
}

// The volumes db and idle, and a database that mounts db at /data.
struct Scene {
  docker::Facts docker;
  HostSnapshot host;
  std::optional<MountIoReadings> counted = MountIoReadings{};
  std::string host_mounts = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";

  Scene() {
    docker.volumes = {volume("db"), volume("idle")};
    docker.containers = {container("database", {mount("db", "/data")})};
  }

  MetricFamilies collect() {
    const MountList mounts(parse_mountinfo(host_mounts).items);
    host.inventory = std::make_shared<const Inventory>(
        build_inventory({.docker = &docker,
                         .mounts = &mounts,
                         .resolved = [](const std::string& path) { return path; },
                         .devices_below = [](const Mount& mount) { return device_of(mount); },
                         .user_labels = {},
                         .measured_binds = {}}));
    host.disks = std::make_shared<const DiskList>(
        parse_diskstats("8 16 sdb 1000000 0 8 0 5 0 8 0 0 0 0\n").items);
    if (counted) host.mount_io = std::make_shared<const MountIoReadings>(*counted);
    host.volume_io = volume_io(host);
    return make_collector("io")->collect(host);
  }

  // The samples of a metric by labels; for a histogram, the number of calls.
  std::map<Labels, double> samples(const std::string& metric) {
    const MetricFamilies out = collect();
    std::map<Labels, double> all;
    for (const Family& family : out.families()) {
      if (family.desc().name != metric) continue;
      for (std::size_t i = 0; i < family.size(); ++i) {
        Labels labels;
        for (const LabelRef& label : family.labels(i)) labels.emplace_back(label.text());
        CAPTURE(metric, labels);
        const bool is_histogram = family.desc().type == MetricType::kHistogram;
        const double value =
            is_histogram
                ? static_cast<double>(family.histograms()[i].buckets.back().cumulative_count)
                : family.values()[i];
        CHECK(all.emplace(labels, value).second);  // no duplicate series
      }
    }
    return all;
  }
};

using Samples = std::map<Labels, double>;

TEST_CASE("each counter of a volume and of a mount is exported as a separate metric") {
  Scene scene;
  MountIo done = io(1, 2, 3);
  done.mapped_writes = 4;
  scene.counted->volumes = {{"db", done}};
  scene.counted->mounts = {{{"database", "/data"}, done}};
  const std::pair<std::string, double> figures[] = {
      {"reads_total", 1},         {"writes_total", 2},           {"fsyncs_total", 3},
      {"read_bytes_total", 4096}, {"written_bytes_total", 8192},
  };
  for (const auto& [name, value] : figures) {
    CAPTURE(name);
    CHECK(scene.samples("docker_volume_" + name)[{"db"}] == value);
    CHECK(scene.samples("docker_mount_" + name) == Samples{{{"database", "/data"}, value}});
  }
  CHECK(scene.samples("docker_volume_mapped_writes_total")[{"db"}] == 4);
}

TEST_CASE("a volume has no mapped writes where the kernel does not let us count them") {
  Scene scene;
  scene.counted->without_mapped_writes = {"ext4"};
  CHECK(scene.samples("docker_volume_mapped_writes_total").empty());
  CHECK(scene.samples("docker_volume_reads_total") == Samples{{{"db"}, 0}});
}

TEST_CASE("a volume in use without I/O has zero counters and no histogram") {
  Scene scene;
  CHECK(scene.samples("docker_volume_reads_total") == Samples{{{"db"}, 0}});
  CHECK(scene.samples("docker_volume_fsyncs_total") == Samples{{{"db"}, 0}});
  CHECK(scene.samples("docker_volume_mapped_writes_total") == Samples{{{"db"}, 0}});
  CHECK(scene.samples("docker_volume_io_latency_seconds").empty());
  CHECK(scene.samples("docker_volume_io_source_info") == Samples{{{"db", "ebpf"}, 1}});
}

TEST_CASE("a volume keeps its counters after its last container stops") {
  Scene scene;
  scene.counted->volumes = {{"idle", io(7, 0)}};
  CHECK(scene.samples("docker_volume_reads_total") == Samples{{{"db"}, 0}, {{"idle"}, 7}});
}

TEST_CASE("an operation without calls has no histogram") {
  Scene scene;
  scene.counted->volumes = {{"db", io(7, 0, 2)}};
  CHECK(scene.samples("docker_volume_io_latency_seconds") ==
        Samples{{{"db", "read"}, 7}, {{"db", "fsync"}, 2}});
}

TEST_CASE("a volume whose I/O was counted incompletely has no counters and the source shared") {
  Scene scene;
  scene.counted->volumes = {{"db", io(5, 5)}};
  scene.counted->uncounted_volumes = {"db"};
  CHECK(scene.samples("docker_volume_reads_total").empty());
  CHECK(scene.samples("docker_volume_fsyncs_total").empty());
  CHECK(scene.samples("docker_volume_io_latency_seconds").empty());
  CHECK(scene.samples("docker_volume_io_source_info") == Samples{{{"db", "shared"}, 1}});
}

TEST_CASE("a volume's counters do not continue with another source") {
  Scene scene;
  scene.docker.containers[0].mounts = {mount("idle", "/data"), mount("db", "/db")};
  scene.host_mounts += "2 1 8:16 / /var/lib/docker/volumes/db/_data rw - ext4 /dev/sdb rw\n";
  scene.counted->uncounted_volumes = {"db"};
  CHECK(scene.samples("docker_volume_io_source_info")[{"db", "device"}] == 1);
  CHECK(scene.samples("docker_volume_reads_total")[{"db"}] == 1'000'000);
  scene.counted->volumes = {{"db", io(5, 5)}};
  CHECK(scene.samples("docker_volume_io_source_info")[{"db", "shared"}] == 1);
  CHECK_FALSE(scene.samples("docker_volume_reads_total").contains({"db"}));
}

TEST_CASE("without kernel counters there are no zeros, and an idle volume has no source") {
  Scene scene;
  scene.counted.reset();
  for (const auto* name : {"reads", "writes", "fsyncs", "read_bytes", "written_bytes"}) {
    CAPTURE(name);
    CHECK(scene.samples("docker_volume_" + std::string(name) + "_total").empty());
    CHECK(scene.samples("docker_mount_" + std::string(name) + "_total").empty());
  }
  CHECK(scene.samples("docker_mount_io_errors_total").empty());
  CHECK(scene.samples("docker_volume_io_source_info") == Samples{{{"db", "shared"}, 1}});
}

TEST_CASE("errors are exported by errno, summed over reads, writes and fsyncs") {
  Scene scene;
  MountIo done;
  done.reads.failed_with(IoError::kEio) = 1;
  done.writes.failed_with(IoError::kEio) = 2;
  done.fsyncs.failed_with(IoError::kEio) = 4;
  done.writes.failed_with(IoError::kEnospc) = 8;
  done.writes.failed_with(IoError::kOther) = 16;
  scene.counted->mounts = {{{"database", "/data"}, done}};
  CHECK(scene.samples("docker_mount_io_errors_total") ==
        Samples{{{"database", "/data", "EIO"}, 7},
                {{"database", "/data", "ENOSPC"}, 8},
                {{"database", "/data", "EROFS"}, 0},
                {{"database", "/data", "EDQUOT"}, 0},
                {{"database", "/data", "other"}, 16}});
}

TEST_CASE("unwatched mounts and mounts of unknown containers have no series") {
  Scene scene;
  scene.docker.containers.push_back(container("late", {mount("db", "/data")}));
  scene.counted->mounts = {{{"database", "/data"}, io(1, 0)}, {{"removed", "/data"}, io(2, 0)}};
  CHECK(scene.samples("docker_mount_reads_total") == Samples{{{"database", "/data"}, 1}});
}

TEST_CASE("the counters of a container's mounts are kept while it is stopped") {
  Scene scene;
  scene.docker.containers[0].state = docker::ContainerState::kStopped;
  scene.counted->mounts = {{{"database", "/data"}, io(3, 0)}};
  CHECK(scene.samples("docker_mount_reads_total") == Samples{{{"database", "/data"}, 3}});
}

TEST_CASE("names with special characters match their counters and are escaped once") {
  Scene scene;
  const std::string odd = "a \"b\"\\c\n\xF0\x9F\x90\xB3";
  scene.docker.containers = {container("database", {mount("db", "/" + odd)})};
  scene.counted->mounts = {{{"database", "/" + odd}, io(3, 0)}};
  CHECK(scene.samples("docker_mount_reads_total") ==
        Samples{{{"database", "/a \\\"b\\\"\\\\c\\n\xF0\x9F\x90\xB3"}, 3}});
}

TEST_CASE("mounts with equal labels are one series") {
  Scene scene;
  scene.docker.containers = {
      container("database", {mount("db", "/data"), mount("idle", "/data"), mount("idle", "/\xFF"),
                             mount("idle", "/\xFE")})};
  scene.counted->mounts = {{{"database", "/data"}, io(3, 0)},
                           {{"database", "/\xEF\xBF\xBD"}, io(4, 0)}};
  CHECK(scene.samples("docker_mount_reads_total").size() == 2);
}

}  // namespace
}  // namespace volumeter::io_test
