// SPDX-License-Identifier: Apache-2.0
// Where the numbers of a volume come from if the kernel does not count by mount.
#include <catch2/catch.hpp>
#include <string>

#include "tests/support/io_sources_host.h"

namespace volumeter::volume_io_sources_test {
namespace {

using namespace test;
using Host = IoSourcesHost;

constexpr bool kWhole = true;

TEST_CASE("a volume that is a whole disk or partition has that device's counters") {
  Host host;
  const auto on_disk = host.volume(host.on_sdb(), kWhole);
  const auto on_partition = host.volume(host.on_sda1(), kWhole);
  CHECK(host.source_of(on_disk) == IoSource::kDevice);
  CHECK(host.io_of(on_disk)->reads == 10);
  CHECK(host.io_of(on_disk)->writes == 20);
  CHECK(host.io_of(on_disk)->read_bytes == 80 * 512);
  CHECK(host.io_of(on_disk)->written_bytes == 160 * 512);
  CHECK(host.io_of(on_partition)->reads == 100);
}

TEST_CASE("a volume on its own device keeps its counters while no container uses it") {
  Host host;
  const auto volume = host.volume(host.on_sdb(), kWhole);
  host.facts(volume).containers.stopped = 1;
  CHECK(host.source_of(volume) == IoSource::kDevice);
}

TEST_CASE("a disk with another user is not attributed to the volume") {
  Host host;
  const auto filesystem = host.on_sdb();
  const auto volume = host.volume(filesystem, kWhole);
  host.container();
  host.mount(volume);
  CHECK(host.source_of(volume) == IoSource::kDevice);

  SECTION("a second volume") { host.volume(filesystem); }
  SECTION("a bind mount of something else") { host.bind(filesystem); }
  SECTION("a bind mount in a container that does not run") {
    host.container();
    host.bind(filesystem);
  }
  SECTION("the engine's own directory, though there is no container") {
    host.engine_on(filesystem);
  }
  CHECK(host.source_of(volume) != IoSource::kDevice);
}

TEST_CASE("a bind mount inside the volume is not another user of its disk") {
  Host host;
  const auto volume = host.volume(host.on_sdb(), kWhole);
  host.container();
  host.mount(volume);
  host.bind(host.facts(volume).filesystem).data_volume = volume;
  CHECK(host.source_of(volume) == IoSource::kDevice);
}

TEST_CASE("a volume that is only part of a filesystem does not get the disk's counters") {
  Host host;
  CHECK_FALSE(host.source_of(host.volume(host.on_sdb())));
}

TEST_CASE("a filesystem on several devices has no device counters") {
  Host host;
  const auto volume =
      host.volume(host.filesystem("btrfs", {0, 40}, {Host::kSdb, Host::kSda}), kWhole);
  host.container({done({8, 16}, 1, 1)});
  host.mount(volume);
  CHECK(host.source_of(volume) == IoSource::kShared);
}

TEST_CASE("a filesystem with a log or a second member on another device has no device counters") {
  Host host;
  const auto volume = host.volume(host.on_sdb(), kWhole);
  host.container({done({8, 16}, 1, 1)});
  host.mount(volume);
  CHECK(host.source_of(volume) == IoSource::kDevice);
  host.filesystem_facts(0).has_more_devices = true;
  CHECK(host.source_of(volume) == IoSource::kShared);
}

TEST_CASE("a mount on a filesystem of which a device is unknown may be on the volume's disk") {
  Host host;
  host.engine_on(host.on_sda1());
  const auto volume = host.volume(host.on_sdb());
  const auto other = host.on_sda2();
  host.container({done({8, 16}, 1, 1)});
  host.mount(volume);
  host.bind(other);
  CHECK(host.source_of(volume) == IoSource::kCgroup);
  host.filesystem_facts(other).lacks_devices = true;
  CHECK(host.source_of(volume) == IoSource::kShared);
}

TEST_CASE(
    "a disk with a file on it that holds another filesystem is not attributed to the volume") {
  Host host;
  const auto volume = host.volume(host.on_sdb(), kWhole);
  host.filesystem("ext4", {7, 0}, {Host::kMd0, Host::kSdb});  // in the place of a loop device
  host.container();
  host.mount(volume);
  CHECK(host.source_of(volume) != IoSource::kDevice);
}

TEST_CASE("a device missing from diskstats has no counters") {
  Host host;
  const auto volume = host.volume(host.on_sdb(), kWhole);
  host.disks("");
  CHECK_FALSE(host.source_of(volume));
}

TEST_CASE("the volume gets its only container's counters if that has nothing else on the disk") {
  Host host;
  host.engine_on(host.on_sda1());
  const auto filesystem = host.on_sdb();
  const auto volume = host.volume(filesystem);
  host.volume(filesystem);  // of nobody that runs
  host.container({done({8, 0}, 1000, 1000), done({8, 16}, 3, 4)});
  host.mount(volume);
  CHECK(host.source_of(volume) == IoSource::kCgroup);
  CHECK(host.io_of(volume)->reads == 3);
  CHECK(host.io_of(volume)->writes == 4);
  CHECK(host.io_of(volume)->read_bytes == 3 * 4096);
  CHECK(host.io_of(volume)->written_bytes == 4 * 4096);

  SECTION("whatever other containers do there") {
    const auto other = host.volume(filesystem);
    host.container({done({8, 16}, 500, 500)});
    host.mount(other);
    CHECK(host.io_of(volume)->reads == 3);
    CHECK(host.io_of(other)->reads == 500);
  }
  SECTION("also through a second mount of it, or of a part of it") {
    host.mount(volume);
    --host.facts(volume).containers.running;  // the same container
    host.bind(filesystem).data_volume = volume;
    CHECK(host.source_of(volume) == IoSource::kCgroup);
  }
  SECTION("tmpfs and NFS are on no disk") {
    host.tmpfs();
    host.bind(host.filesystem("tmpfs", {0, 25}, {}));
    host.bind(host.filesystem("nfs4", {0, 26}, {}));
    CHECK(host.source_of(volume) == IoSource::kCgroup);
  }
}

TEST_CASE("a container's counters are not the volume's if it may have other data on the disk") {
  Host host;
  host.engine_on(host.on_sda1());
  const auto filesystem = host.on_sdb();
  const auto volume = host.volume(filesystem);
  host.container({done({8, 16}, 3, 4)});
  host.mount(volume);
  REQUIRE(host.source_of(volume) == IoSource::kCgroup);

  SECTION("another volume") {
    const auto other = host.volume(filesystem);
    host.mount(other);
    CHECK(host.source_of(other) == IoSource::kShared);
  }
  SECTION("a bind mount") { host.bind(filesystem); }
  SECTION("a bind mount from nobody knows where") { host.bind({}); }
  SECTION("a filesystem whose devices nobody knows") {
    host.bind(host.filesystem("zfs", {0, 50}, {}));
  }
  SECTION("a filesystem of several devices, this among them") {
    host.bind(host.filesystem("btrfs", {0, 40}, {Host::kSda, Host::kSdb}));
  }
  CHECK(host.source_of(volume) == IoSource::kShared);
}

TEST_CASE("a container's root filesystem on the same disk counts as other data") {
  Host host;
  const auto filesystem = host.on_sdb();
  host.engine_on(filesystem);
  const auto volume = host.volume(filesystem);
  host.container({done({8, 16}, 3, 4)});
  host.mount(volume);
  CHECK(host.source_of(volume) == IoSource::kShared);
}

TEST_CASE("a root filesystem on an unknown disk may be on the same disk") {
  Host host;
  const auto volume = host.volume(host.on_sdb());
  host.container({done({8, 16}, 3, 4)});
  host.mount(volume);
  CHECK(host.source_of(volume) == IoSource::kShared);
}

TEST_CASE("cgroups count I/O per disk, not per partition") {
  Host host;
  host.engine_on(host.on_sdb());
  const auto volume = host.volume(host.on_sda1());
  host.container({done({8, 0}, 3, 4), done({8, 1}, 99, 99)});
  host.mount(volume);
  CHECK(host.source_of(volume) == IoSource::kCgroup);
  CHECK(host.io_of(volume)->reads == 3);

  SECTION("another partition of it") { host.bind(host.on_sda2()); }
  SECTION("an array of which it is a part") {
    host.bind(host.filesystem("ext4", {9, 0}, {Host::kMd0, Host::kSda2, Host::kSda}));
  }
  CHECK(host.source_of(volume) == IoSource::kShared);
}

TEST_CASE("an array has its own counters, separate from those of its disks") {
  Host host;
  host.engine_on(host.on_sda1());
  const auto volume =
      host.volume(host.filesystem("ext4", {9, 0}, {Host::kMd0, Host::kSda2, Host::kSda}));
  host.container({done({9, 0}, 3, 4), done({8, 0}, 99, 99)});
  host.mount(volume);
  CHECK(host.source_of(volume) == IoSource::kCgroup);
  CHECK(host.io_of(volume)->reads == 3);
}

TEST_CASE("counters of two containers of one volume are not summed") {
  Host host;
  host.engine_on(host.on_sda1());
  const auto volume = host.volume(host.on_sdb());
  host.container({done({8, 16}, 3, 4)});
  host.mount(volume);
  SECTION("both by name") {
    host.container({done({8, 16}, 5, 6)});
    host.mount(volume);
  }
  SECTION("one by a bind mount of what is in it") {
    host.container({done({8, 16}, 5, 6)});
    host.bind(host.facts(volume).filesystem).data_volume = volume;
  }
  SECTION("one by a bind mount of what is above it") {
    host.container({done({8, 16}, 5, 6)});
    host.bind(host.facts(volume).filesystem);
    ++host.facts(volume).containers.running;
  }
  CHECK(host.source_of(volume) == IoSource::kShared);
}

TEST_CASE("with cgroup v2 a disk that is not listed has had no I/O") {
  Host host;
  host.engine_on(host.on_sda1());
  const auto volume = host.volume(host.on_sdb());
  const auto container = host.container();
  host.mount(volume);
  CHECK(host.source_of(volume) == IoSource::kCgroup);
  CHECK(host.io_of(volume)->reads == 0);

  host.io(container).lists_all = false;
  CHECK(host.source_of(volume) == IoSource::kShared);
}

TEST_CASE("with cgroup v1, which does not count writeback, writes are unknown") {
  Host host;
  host.engine_on(host.on_sda1());
  const auto volume = host.volume(host.on_sdb());
  const auto container = host.container({done({8, 16}, 3, 4)});
  host.mount(volume);
  host.io(container).lists_all = host.io(container).counts_writeback = false;
  CHECK(host.source_of(volume) == IoSource::kCgroup);
  CHECK(host.io_of(volume)->reads == 3);
  CHECK(host.io_of(volume)->read_bytes == 3 * 4096);
  CHECK_FALSE(host.io_of(volume)->writes);
  CHECK_FALSE(host.io_of(volume)->written_bytes);
}

TEST_CASE("a container whose cgroup cannot be read gives no counters") {
  Host host;
  host.engine_on(host.on_sda1());
  const auto volume = host.volume(host.on_sdb());
  host.container();
  host.mount(volume);
  SECTION("this once") { host.snapshot().container_io[0].reset(); }
  SECTION("because nobody wants cgroups read") { host.snapshot().container_io.clear(); }
  CHECK(host.source_of(volume) == IoSource::kShared);
}

TEST_CASE("a volume on NFS has the counters of its mount") {
  Host host;
  const auto volume = host.volume(host.filesystem("nfs4", {0, 60}, {}), kWhole);
  host.container();
  host.mount(volume);
  CHECK(host.source_of(volume) == IoSource::kShared);  // its mount is not its own

  NfsStats stats;
  stats.bytes.emplace().server_read = 4096;
  stats.bytes->server_written = 8192;
  stats.operations.push_back({.name = "READ", .completed = 1});
  host.snapshot().nfs = {stats};
  CHECK(host.source_of(volume) == IoSource::kNfs);
  CHECK(host.io_of(volume)->reads == 1);
  CHECK_FALSE(host.io_of(volume)->writes);  // a torn line
  CHECK(host.io_of(volume)->read_bytes == 4096);
  CHECK(host.io_of(volume)->written_bytes == 8192);
}

TEST_CASE("a volume on NFS 4.2 is read by READ_PLUS as well") {
  Host host;
  const auto volume = host.volume(host.filesystem("nfs4", {0, 60}, {}), kWhole);
  host.container();
  host.mount(volume);
  NfsStats stats;
  stats.operations.push_back({.name = "READ", .completed = 3});
  stats.operations.push_back({.name = "READ_PLUS", .completed = 20});
  host.snapshot().nfs = {stats};
  CHECK(host.io_of(volume)->reads == 23);
}

TEST_CASE("an unused volume without a source has no series") {
  Host host;
  const auto filesystem = host.on_sdb();
  const auto orphan = host.volume(filesystem);
  const auto idle = host.volume(filesystem);
  host.facts(idle).containers.stopped = 1;
  const auto nowhere = host.volume(filesystem);
  host.facts(nowhere).filesystem.reset();
  CHECK_FALSE(host.source_of(orphan));
  CHECK_FALSE(host.source_of(idle));
  CHECK_FALSE(host.source_of(nowhere));
}

TEST_CASE("of two volumes on one disk neither gets the disk's counters") {
  Host host;
  host.engine_on(host.on_sda1());
  const auto filesystem = host.on_sdb();
  const auto one = host.volume(filesystem), two = host.volume(filesystem);
  host.container({done({8, 16}, 5000, 6000)});
  host.mount(one);
  host.mount(two);
  CHECK(host.source_of(one) == IoSource::kShared);
  CHECK(host.source_of(two) == IoSource::kShared);
}

TEST_CASE("with eBPF a volume without I/O is 0 only while in use") {
  Host host;
  const auto unused = host.volume(host.on_sdb(), kWhole);
  const auto in_use = host.volume(host.on_sda1());
  host.container();
  host.mount(in_use);
  host.snapshot().mount_io = std::make_shared<const MountIoReadings>();
  CHECK(host.source_of(in_use) == IoSource::kEbpf);
  CHECK(host.io_of(in_use)->reads == 0);
  // Its disk's figures would be followed by quite others once it is used.
  CHECK_FALSE(host.source_of(unused));
}

TEST_CASE("eBPF counters take precedence over all others") {
  Host host;
  const auto volume = host.volume(host.on_sdb(), kWhole);
  const auto uncounted = host.volume(host.on_sda1(), kWhole);
  MountIoReadings readings;
  readings.volumes["volume-0"].reads.operations = 7;
  readings.uncounted_volumes.insert("volume-1");
  host.snapshot().mount_io = std::make_shared<const MountIoReadings>(readings);
  CHECK(host.source_of(volume) == IoSource::kEbpf);
  CHECK(host.io_of(volume)->reads == 7);
  REQUIRE(host.io_of(volume)->counted != nullptr);
  CHECK(host.source_of(uncounted) == IoSource::kDevice);
}

}  // namespace
}  // namespace volumeter::volume_io_sources_test
