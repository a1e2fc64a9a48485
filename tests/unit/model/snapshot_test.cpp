// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/snapshot.h"

#include <catch2/catch.hpp>

namespace volumeter::snapshot_test {
namespace {

// A host with one volume of a plugin that no running container has, whose directory has this size.
HostSnapshot host_with(bool may_be_unmounted, std::uint64_t inodes, std::uint64_t apparent_bytes) {
  Inventory inventory;
  VolumeFacts& volume = inventory.volumes.emplace_back();
  volume.name = "lv";
  volume.may_be_unmounted = may_be_unmounted;
  SpaceUsage usage;
  usage.inodes = inodes;
  usage.apparent_bytes = apparent_bytes;
  SizeReadings sizes;
  sizes["lv"].space.accept(std::move(usage), from_unix_seconds(1'700'000'000), Seconds(1));
  HostSnapshot host;
  host.inventory = std::make_shared<const Inventory>(std::move(inventory));
  host.sizes = std::make_shared<const SizeReadings>(std::move(sizes));
  return host;
}

bool has_size(const HostSnapshot& host) {
  const VolumeFacts& volume = host.inventory->volumes.front();
  const bool found = host.size_of(volume) != nullptr;
  CHECK(host.is_unmounted(volume) != found);
  return found;
}

TEST_CASE("the empty directory of a plugin's volume that is not in use is a mount point, no data") {
  CHECK_FALSE(has_size(host_with(true, 1, 4096)));
  CHECK_FALSE(has_size(host_with(true, 1, 6)));     // XFS
  CHECK_FALSE(has_size(host_with(true, 2, 4096)));  // with an empty file as a marker
}

TEST_CASE("the directory of a plugin's volume that is not in use is measured if data lies in it") {
  CHECK(has_size(host_with(true, 2, 127'552)));
}

TEST_CASE("an empty directory is the size of a volume that cannot be unmounted") {
  CHECK(has_size(host_with(false, 1, 4096)));
}

}  // namespace
}  // namespace volumeter::snapshot_test
