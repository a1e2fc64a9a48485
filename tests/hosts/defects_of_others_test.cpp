// SPDX-License-Identifier: Apache-2.0
// Defects that other exporters have or had, each with a host that triggers them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/builtin.h"
#include "exporter/base/fields.h"
#include "exporter/exposition/text_format.h"
#include "exporter/model/filesystem_index.h"
#include "exporter/monitor/host_monitor.h"
#include "exporter/registry/registry.h"
#include "exporter/sources/hosts/folder_host.h"
#include "tests/support/captured_log.h"

namespace volumeter {
namespace {

// The lines of a scrape by series, as `docker_volume_size_bytes{volume="data"}`.
using Series = std::multimap<std::string, double, std::less<>>;

Series parse(std::string_view text) {
  Series all;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.starts_with('#')) continue;
    const auto blank = line.rfind(' ');
    const auto value = to_double(line.substr(blank + 1));
    if (value) all.emplace(line.substr(0, blank), *value);
  }
  return all;
}

// What the program prints for a host under tests/hosts with all collectors.
Series scrape(const std::string& name, const MonitorOptions& options = {}) {
  const auto host = make_folder_host("tests/hosts/" + name);
  INFO((host ? "" : host.error().text()));
  REQUIRE(host);
  test::CapturedLog captured;
  std::vector<NamedCollector> collectors;
  for (const CollectorEntry& entry : builtin_collectors()) {
    collectors.push_back({entry.name, entry.make(nullptr)});
  }
  const Registry registry(std::move(collectors), host->steady_now, captured.log);
  HostMonitor monitor(*host, captured.log, options);
  monitor.sample_once({});
  return parse(render(registry.gather(*monitor.snapshot(), {}, {}), Format::kText004));
}

std::vector<std::string> of_volume(const Series& all, const std::string& volume) {
  std::vector<std::string> found;
  for (const auto& [series, value] : all) {
    if (series.find("volume=\"" + volume + "\"") == std::string::npos) continue;
    found.push_back(series.substr(0, series.find('{')));
  }
  return found;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string figure_of(const std::string& figure, const std::string& device) {
  return "docker_device_" + figure + "{device=\"" + device + "\"}";
}

std::string label_in(const std::string& series, const std::string& name) {
  const auto begin = series.find(name + "=\"") + name.size() + 2;
  return series.substr(begin, series.find('"', begin) - begin);
}

std::string filesystem(const std::string& metric, const std::string& labels) {
  return "docker_filesystem_" + metric + "{" + labels + "}";
}

}  // namespace

// coroot-node-agent: a duplicate series, and Prometheus drops the whole scrape.
TEST_CASE("duplicates and equal names are one series") {
  for (const char* name : {"nasty-names", "damaged-files", "btrfs", "many-containers"}) {
    CAPTURE(name);
    const Series all = scrape(name);
    REQUIRE(all.size() > 50);
    for (auto at = all.begin(); at != all.end(); at = all.upper_bound(at->first)) {
      CAPTURE(at->first);
      CHECK(all.count(at->first) == 1);
    }
  }
}

TEST_CASE("mount points that differ only in invalid UTF-8 are one filesystem") {
  Parsed<Mount> mounts = parse_mountinfo(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 0:50 / /mnt/\xFE rw - tmpfs tmpfs rw\n"
      "3 1 0:51 / /mnt/\xFF rw - tmpfs tmpfs rw\n");
  REQUIRE(mounts.items.size() == 3);
  const MountList list(std::move(mounts.items));
  Inventory inventory;
  FilesystemIndex index(list, inventory);
  CHECK(index.index_of("/mnt/\xFE/a") == 0U);
  CHECK_FALSE(index.index_of("/mnt/\xFF/b"));
  CHECK_FALSE(index.index_of("/mnt/\xFF/c"));
  CHECK(index.index_of("/") == 1U);
  CHECK(inventory.filesystems.size() == 2);
}

// cAdvisor: each container has the counters of the host's disk.
TEST_CASE("I/O of the host is attributed to no container") {
  const auto of = [](const Series& all, const std::string& container) {
    std::map<std::string, double> found;
    for (const auto& [series, value] : all) {
      if (!series.starts_with("docker_container_")) continue;
      if (series.find("container=\"" + container + "\"") == std::string::npos) continue;
      found.emplace(series, value);
    }
    return found;
  };
  const Series all = scrape("cgroup-v2-systemd");
  const auto idle = of(all, "idle");
  CHECK(idle.contains(R"(docker_container_written_bytes_total{container="idle",device="sda"})"));
  for (const auto& [series, value] : idle) {
    CAPTURE(series);
    CHECK(value == 0);
  }
  const auto busy = of(all, "database");
  const auto written =
      busy.find(R"(docker_container_written_bytes_total{container="database",device="sda"})");
  REQUIRE(written != busy.end());
  CHECK(written->second == 299'008'000);
  CHECK(of(all, "stopped").empty());
  // Cgroup v1 lists nothing for a container without I/O or without counters.
  CHECK(of(scrape("cgroup-v1"), "quiet").empty());
}

// Coroot: each volume has the counters of its whole disk.
TEST_CASE("no volume has the counters of a shared device") {
  const Series all = scrape("own-disk");
  const auto source = [&](const std::string& volume, const std::string& name) {
    return all.contains("docker_volume_io_source_info{volume=\"" + volume + "\",source=\"" + name +
                        "\"}");
  };
  for (const char* volume : {"in", "out", "log", "web"}) {
    CAPTURE(volume);
    CHECK(source(volume, "shared"));
    for (const char* figure : {"reads", "writes", "read_bytes", "written_bytes"}) {
      CHECK_FALSE(
          contains(of_volume(all, volume), std::string("docker_volume_") + figure + "_total"));
    }
  }
  const auto written = [&](const std::string& volume) {
    const auto found = all.find("docker_volume_written_bytes_total{volume=\"" + volume + "\"}");
    return found == all.end() ? -1 : found->second;
  };
  CHECK(written("database") == 299'008'000);
  CHECK(written("queue") == 40'960);
  CHECK(written("vault") == 4'194'304);
}

// node_exporter, cAdvisor: a hung filesystem blocks the scrape.
TEST_CASE("a hung filesystem removes no other metric") {
  const Series all = scrape("nfs-hung");
  const std::string hung =
      R"(device="10.0.0.5:/export/shared",mountpoint="/var/lib/docker/volumes/shared/_data",)"
      R"(fstype="nfs4")";
  const std::string disk = R"(device="/dev/vda1",mountpoint="/",fstype="ext4")";
  REQUIRE(all.contains(filesystem("up", hung)));
  CHECK(all.find(filesystem("up", hung))->second == 0);
  CHECK(all.find(filesystem("up", disk))->second == 1);
  for (const char* figure : {"size_bytes", "free_bytes", "avail_bytes", "files", "files_free"}) {
    CAPTURE(figure);
    CHECK_FALSE(all.contains(filesystem(figure, hung)));
    CHECK(all.contains(filesystem(figure, disk)));
  }
  CHECK(contains(of_volume(all, "data"), "docker_volume_size_bytes"));
  CHECK_FALSE(contains(of_volume(all, "shared"), "docker_volume_size_bytes"));
}

// Several: a fixed API version, which newer or older engines refuse.
TEST_CASE("with a newer engine the newest supported API version is used") {
  const Series all = scrape("api-1.52");
  CHECK(all.contains(R"(docker_engine_info{engine="docker",version="29.0.0",)"
                     R"(api_version="1.51",storage_driver="overlayfs"})"));
  CHECK(all.find("docker_up")->second == 1);
}

// The Engine API has -1 for an unknown size or reference count.
TEST_CASE("an unknown size is absent, not -1 or 0") {
  const Series all = scrape("api-1.52");
  for (const auto& [series, value] : all) {
    CAPTURE(series);
    CHECK(value >= 0);
  }
  for (const char* unmeasured : {"not_seen_here", "plugin_volume", "swarm_volume"}) {
    CAPTURE(unmeasured);
    const auto metrics = of_volume(all, unmeasured);
    CHECK(contains(metrics, "docker_volume_info"));
    CHECK(contains(metrics, "docker_volume_scan_info"));
    CHECK_FALSE(contains(metrics, "docker_volume_size_bytes"));
    CHECK_FALSE(contains(metrics, "docker_volume_allocated_bytes"));
    CHECK_FALSE(contains(metrics, "docker_volume_inodes_used"));
  }
}

// cAdvisor: a name pattern that matches sda and vda, but not nvme0n1p2.
TEST_CASE("no block device is left out because of its name") {
  const Series all = scrape("device-stack");
  const auto has_parent = [&](const std::string& device, const std::string& parent) {
    return all.contains("docker_device_parent_info{device=\"" + device + "\",parent=\"" + parent +
                        "\"}");
  };
  CHECK(has_parent("dm-1", "dm-0"));
  CHECK(has_parent("dm-0", "md127"));
  CHECK(has_parent("md127", "nvme0n1p2"));
  CHECK(has_parent("nvme0n1p2", "nvme0n1"));
  CHECK(has_parent("mmcblk0p1", "mmcblk0"));
  CHECK(has_parent("bcache0", "sda"));
  for (const char* device : {"dm-1", "dm-0", "md127", "nvme0n1p2", "nvme1n1p2", "nvme0n1",
                             "nvme1n1", "mmcblk0p1", "mmcblk0", "bcache0", "sda"}) {
    CAPTURE(device);
    CHECK(all.contains(figure_of("written_bytes_total", device)));
  }
}

TEST_CASE("with all devices enabled only those without any I/O are left out") {
  const Series all = scrape("device-stack", {.all_devices = true});
  const auto has = [&](const char* device) {
    return all.contains(figure_of("reads_completed_total", device));
  };
  for (const char* device : {"zd16", "nbd0", "sr0", "nvme0n1p1", "dm-1", "sda"}) {
    CAPTURE(device);
    CHECK(has(device));
  }
  CHECK_FALSE(has("loop0"));
  CHECK_FALSE(scrape("device-stack").contains(figure_of("reads_completed_total", "zd16")));
  const std::string info = R"(docker_device_info{device="zd16",major="230",minor="16",)";
  CHECK(all.contains(info + R"(model="",dm_name="",rotational=""})"));
}

// cAdvisor: its *_seconds_total divide milliseconds by 10^9.
TEST_CASE("device times are in seconds") {
  const Series all = scrape("device-stack");
  const auto seconds = [&](const char* figure) {
    const auto found = all.find(figure_of(figure, "nvme0n1"));
    REQUIRE(found != all.end());
    return found->second;
  };
  CHECK(seconds("read_time_seconds_total") == Approx(401.223));
  CHECK(seconds("write_time_seconds_total") == Approx(1822.019));
  CHECK(seconds("io_time_seconds_total") == Approx(1511.004));
  CHECK(seconds("io_time_weighted_seconds_total") == Approx(2240.021));
  CHECK(seconds("discard_time_seconds_total") == Approx(9.12));
  CHECK(seconds("flush_requests_time_seconds_total") == Approx(7.659));
}

// node_exporter: the device of a filesystem is /dev/mapper/vg0-docker or an anonymous number (btrfs),
// that of diskstats is dm-1, and no series joins them.
TEST_CASE("each volume on disks joins with them by labels alone") {
  for (const auto& [host, disk] : {std::pair("device-stack", "nvme1n1"), std::pair("btrfs", "vdb"),
                                   std::pair("plain", "vda")}) {
    CAPTURE(host);
    const Series all = scrape(host);
    std::size_t joined = 0;
    for (const auto& [series, value] : all) {
      if (!series.starts_with("docker_volume_filesystem_info{") ||
          !label_in(series, "device").starts_with("/dev/")) {
        continue;
      }
      CAPTURE(series);
      const std::string info = "docker_filesystem_device_info{mountpoint=\"" +
                               label_in(series, "mountpoint") + "\",device=\"" + disk + "\"}";
      CHECK(all.contains(info));
      ++joined;
    }
    CHECK(joined > 0);
    CHECK(all.contains(figure_of("io_time_seconds_total", disk)));
  }
}

}  // namespace volumeter
