// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "collectors/builtin.h"

namespace volumeter::devices_test {
namespace {

DeviceFacts device(const std::string& name, unsigned major, unsigned minor) {
  DeviceFacts facts;
  facts.block.name = name;
  facts.name = Label(name);
  facts.block.number = {major, minor};
  return facts;
}

// The only sample of the metric for the device.
std::optional<double> value(const HostSnapshot& host, std::string_view metric,
                            std::string_view name) {
  const MetricFamilies out = make_collector("devices")->collect(host);
  for (const Family& family : out.families()) {
    if (family.desc().name != metric) continue;
    for (std::size_t i = 0; i < family.size(); ++i) {
      if (family.labels(i)[0].text() == name) return family.values()[i];
    }
  }
  return {};
}

HostSnapshot host_with(std::vector<DeviceFacts> devices, std::string_view diskstats) {
  Inventory inventory;
  inventory.devices = std::move(devices);
  HostSnapshot host;
  host.inventory = std::make_shared<const Inventory>(std::move(inventory));
  host.disks = std::make_shared<const DiskList>(parse_diskstats(diskstats).items);
  return host;
}

constexpr std::string_view kDisk = "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n";

TEST_CASE("each field of diskstats is exported as a separate metric") {
  const HostSnapshot host = host_with({device("sda", 8, 0)}, kDisk);
  const std::pair<std::string_view, double> wanted[] = {
      {"reads_completed_total", 1},
      {"reads_merged_total", 2},
      {"read_bytes_total", 3 * 512},
      {"read_time_seconds_total", 0.004},
      {"writes_completed_total", 5},
      {"writes_merged_total", 6},
      {"written_bytes_total", 7 * 512},
      {"write_time_seconds_total", 0.008},
      {"io_now", 9},
      {"io_time_seconds_total", 0.010},
      {"io_time_weighted_seconds_total", 0.011},
      {"discards_completed_total", 12},
      {"discards_merged_total", 13},
      {"discarded_bytes_total", 14 * 512},
      {"discard_time_seconds_total", 0.015},
      {"flush_requests_total", 16},
      {"flush_requests_time_seconds_total", 0.017},
  };
  for (const auto& [name, figure] : wanted) {
    CAPTURE(name);
    const auto seen = value(host, "docker_device_" + std::string(name), "sda");
    REQUIRE(seen);
    CHECK(*seen == Approx(figure));
  }
}

TEST_CASE("counters that the kernel does not provide for a device are absent") {
  const HostSnapshot old = host_with({device("sda", 8, 0)}, "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n");
  CHECK(value(old, "docker_device_io_now", "sda") == 9);
  CHECK_FALSE(value(old, "docker_device_discards_completed_total", "sda"));
  CHECK_FALSE(value(old, "docker_device_flush_requests_total", "sda"));

  DeviceFacts partition = device("sda1", 8, 1);
  partition.block.is_partition = true;
  const HostSnapshot host =
      host_with({partition}, "8 1 sda1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 0 0\n");
  CHECK(value(host, "docker_device_discards_completed_total", "sda1") == 12);
  CHECK_FALSE(value(host, "docker_device_flush_requests_total", "sda1"));
  CHECK_FALSE(value(host, "docker_device_flush_requests_time_seconds_total", "sda1"));
}

TEST_CASE("devices without Docker data have no counters, and missing counters are not zero") {
  const HostSnapshot host = host_with({device("sdb", 8, 16)}, kDisk);
  CHECK(value(host, "docker_device_info", "sdb") == 1);
  CHECK_FALSE(value(host, "docker_device_reads_completed_total", "sdb"));
  CHECK_FALSE(value(host, "docker_device_reads_completed_total", "sda"));
}

TEST_CASE("a device number reused by another device is not attributed to the old device") {
  const HostSnapshot host = host_with({device("nvme1n1", 8, 0)}, kDisk);
  CHECK_FALSE(value(host, "docker_device_reads_completed_total", "nvme1n1"));
}

TEST_CASE("an NVMe disk whose paths alone are counted has no zeros") {
  DeviceFacts disk = device("nvme0n1", 259, 1);
  disk.block.hidden_paths = {"nvme0c0n1", "nvme0c1n1"};
  DeviceFacts partition = device("nvme0n1p1", 259, 2);
  partition.block.hidden_paths = disk.block.hidden_paths;
  const std::vector devices{disk, partition, device("nvme0c0n1", 0, 0), device("nvme0c1n1", 0, 0)};
  const std::string paths =
      "0 0 nvme0c0n1 5 0 80 1 0 0 0 0 0 1 1\n"
      "0 0 nvme0c1n1 0 0 0 0 0 0 0 0 0 0 0\n";
  const auto reads = [&](const std::string& of_disk, std::string_view name) {
    const std::string text = paths + "259 1 nvme0n1 " + of_disk + " 0 0 0 0 0 0 0 0 0 0\n" +
                             "259 2 nvme0n1p1 " + of_disk + " 0 0 0 0 0 0 0 0 0 0\n";
    return value(host_with(devices, text), "docker_device_reads_completed_total", name);
  };
  CHECK_FALSE(reads("0", "nvme0n1"));
  CHECK_FALSE(reads("0", "nvme0n1p1"));
  CHECK(reads("0", "nvme0c0n1") == 5);
  CHECK(reads("0", "nvme0c1n1") == 0);
  CHECK(reads("5", "nvme0n1") == 5);  // Linux 6.4 counts on both
  CHECK(reads("5", "nvme0n1p1") == 5);
}

}  // namespace
}  // namespace volumeter::devices_test
