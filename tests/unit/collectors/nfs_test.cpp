// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "collectors/builtin.h"

namespace volumeter::nfs_test {
namespace {

// "name{labels} value" of all samples.
std::vector<std::string> samples_of(const HostSnapshot& host) {
  std::vector<std::string> all;
  const auto collector = make_collector("nfs");
  const MetricFamilies out = collector->collect(host);
  for (const Family& family : out.families()) {
    for (std::size_t i = 0; i < family.size(); ++i) {
      std::string line = std::string(family.desc().name) + "{";
      for (const LabelRef& label : family.labels(i)) line += std::string(label.text()) + ",";
      all.push_back(line + "} " + std::to_string(family.values()[i]));
    }
  }
  return all;
}

HostSnapshot host_with(std::vector<NfsOperation> operations) {
  Inventory inventory;
  for (const auto* name : {"plain", "nas"}) {
    VolumeFacts volume;
    volume.label = Label(name);
    inventory.volumes.push_back(std::move(volume));
  }
  HostSnapshot host;
  host.inventory = std::make_shared<const Inventory>(std::move(inventory));
  host.nfs.resize(2);
  host.nfs[1] =
      NfsStats{.source = {}, .mount_point = {}, .bytes = {}, .operations = std::move(operations)};
  return host;
}

}  // namespace

TEST_CASE("each operation of an NFS volume has its counters") {
  NfsOperation read{.name = "READ",
                    .completed = 1,
                    .transmissions = 2,
                    .timeouts = 3,
                    .sent_bytes = 4,
                    .received_bytes = 5,
                    .queue_seconds = 6.5,
                    .response_seconds = 7.5,
                    .execution_seconds = 8.5,
                    .errors = 9};
  CHECK(samples_of(host_with({read})) ==
        std::vector<std::string>{"docker_volume_nfs_operations_total{nas,READ,} 1.000000",
                                 "docker_volume_nfs_transmissions_total{nas,READ,} 2.000000",
                                 "docker_volume_nfs_timeouts_total{nas,READ,} 3.000000",
                                 "docker_volume_nfs_errors_total{nas,READ,} 9.000000",
                                 "docker_volume_nfs_sent_bytes_total{nas,READ,} 4.000000",
                                 "docker_volume_nfs_received_bytes_total{nas,READ,} 5.000000",
                                 "docker_volume_nfs_queue_seconds_total{nas,READ,} 6.500000",
                                 "docker_volume_nfs_response_seconds_total{nas,READ,} 7.500000",
                                 "docker_volume_nfs_execution_seconds_total{nas,READ,} 8.500000"});
}

TEST_CASE("NFS errors are absent, not zero, on kernels that do not count them") {
  for (const std::string& sample : samples_of(host_with({{.name = "READ", .completed = 1}}))) {
    CHECK_FALSE(sample.starts_with("docker_volume_nfs_errors_total"));
  }
}

TEST_CASE("an NFS operation without requests has no series") {
  CHECK(samples_of(host_with({{.name = "WRITE", .completed = 0}})).empty());
}

}  // namespace volumeter::nfs_test
