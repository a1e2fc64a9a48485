// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "collectors/builtin.h"

namespace volumeter::device_latency_test {
namespace {

IoCounts requests(std::uint64_t count) {
  IoCounts counts;
  counts.operations = count;
  counts.nanoseconds = count * 1000;
  counts.latency[0] = count;
  return counts;
}

DeviceFacts device(const std::string& name, unsigned major, unsigned minor) {
  DeviceFacts facts;
  facts.block.name = name;
  facts.name = Label(name);
  facts.block.number = {major, minor};
  return facts;
}

// "sda read 3": device, operation and count of each histogram.
std::set<std::string> shown(std::vector<DeviceFacts> devices, std::vector<DeviceLatency> latency) {
  Inventory inventory;
  inventory.devices = std::move(devices);
  HostSnapshot host;
  host.inventory = std::make_shared<const Inventory>(std::move(inventory));
  host.device_latency = std::move(latency);
  const MetricFamilies out = make_collector("device_latency")->collect(host);
  REQUIRE(out.families().size() == 1);
  const Family& family = out.families().front();
  std::set<std::string> all;
  for (std::size_t i = 0; i < family.size(); ++i) {
    const auto count = family.histograms()[i].buckets.back().cumulative_count;
    all.insert(std::string(family.labels(i)[0].text()) + " " +
               std::string(family.labels(i)[1].text()) + " " + std::to_string(count));
  }
  CHECK(all.size() == family.size());
  return all;
}

TEST_CASE("each operation of a disk has a separate histogram") {
  DeviceLatency disk{.number = {8, 0}};
  disk.reads = requests(1);
  disk.writes = requests(2);
  disk.flushes = requests(3);
  disk.discards = requests(4);
  CHECK(shown({device("sda", 8, 0)}, {disk}) ==
        std::set<std::string>{"sda read 1", "sda write 2", "sda flush 3", "sda discard 4"});
}

TEST_CASE("an operation without requests has no histogram") {
  DeviceLatency disk{.number = {8, 0}};
  disk.writes = requests(2);
  CHECK(shown({device("sda", 8, 0), device("sdb", 8, 16)}, {disk}) ==
        std::set<std::string>{"sda write 2"});
  CHECK(shown({device("sda", 8, 0)}, {}).empty());
}

TEST_CASE("a disk without Docker data is not exported") {
  DeviceLatency other{.number = {8, 16}};
  other.reads = requests(5);
  CHECK(shown({device("sda", 8, 0)}, {other}).empty());
}

}  // namespace
}  // namespace volumeter::device_latency_test
