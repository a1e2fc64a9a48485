// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_io_totals.h"

#include <catch2/catch.hpp>

namespace volumeter::volume_io_totals_test {
namespace {

constexpr std::uint64_t kDisk = 2'000'000'000'000;  // written since boot

// One volume, whose counters a test reads again and again.
class Scene {
 public:
  Scene() { inventory_.volumes.emplace_back().name = "data"; }

  // What is shown as written; nothing for no series.
  std::optional<std::uint64_t> look(IoSource source, std::uint64_t written,
                                    std::string counter = "sdb 8:16") {
    VolumeIo io{.source = source, .counter = std::move(counter)};
    if (source != IoSource::kShared) io.written_bytes = written;
    return look({io});
  }

  std::optional<std::uint64_t> look_at_nothing() { return look(std::vector<VolumeIo>{}); }

  void rename(const std::string& name) { inventory_.volumes[0].name = name; }
  void hide_list() { inventory_.has_all_volumes = false; }
  std::size_t size() const { return totals_.size(); }

 private:
  std::optional<std::uint64_t> look(std::vector<VolumeIo> io) {
    for (VolumeIo& one : io) one.volume = &inventory_.volumes[0];
    const auto shown = totals_.carried(std::move(io), inventory_);
    if (shown.empty()) return {};
    CHECK((shown[0].source == IoSource::kShared) == !shown[0].written_bytes.has_value());
    return shown[0].written_bytes;
  }

  Inventory inventory_;
  VolumeIoTotals totals_;
};

TEST_CASE(
    "while a volume shares its disk it has no counters, and then goes on from where they were") {
  Scene scene;
  CHECK(scene.look(IoSource::kDevice, kDisk) == kDisk);
  CHECK(scene.look(IoSource::kDevice, kDisk + 10) == kDisk + 10);
  CHECK_FALSE(scene.look(IoSource::kCgroup, 4500, "db 42"));
  CHECK_FALSE(scene.look(IoSource::kShared, 0));
  CHECK_FALSE(scene.look(IoSource::kCgroup, 4600, "db 42"));
  // What was written to the disk meanwhile may be that of others.
  CHECK(scene.look(IoSource::kDevice, kDisk + 5000) == kDisk + 10);
  CHECK(scene.look(IoSource::kDevice, kDisk + 5007) == kDisk + 17);
}

TEST_CASE("a volume that began with its container's counters never takes those of a disk") {
  Scene scene;
  CHECK(scene.look(IoSource::kCgroup, 4500, "db 42") == 4500U);
  CHECK_FALSE(scene.look(IoSource::kDevice, kDisk));
  CHECK_FALSE(scene.look(IoSource::kNfs, kDisk));
  CHECK(scene.look(IoSource::kCgroup, 4700, "db 42") == 4500U);
  CHECK(scene.look(IoSource::kCgroup, 4750, "db 42") == 4550U);
}

TEST_CASE("the counters of another run of the container are added") {
  Scene scene;
  CHECK(scene.look(IoSource::kCgroup, 4500, "db 42") == 4500U);
  CHECK(scene.look(IoSource::kCgroup, 9000, "db 43") == 13'500U);
  CHECK_FALSE(scene.look_at_nothing());  // no container runs, so nobody writes
  CHECK(scene.look(IoSource::kCgroup, 7, "db 44") == 13'507U);
}

TEST_CASE("another device under the volume has written its bytes before") {
  Scene scene;
  CHECK(scene.look(IoSource::kDevice, 100) == 100U);
  CHECK(scene.look(IoSource::kDevice, kDisk, "sdc 8:32") == 100U);
  CHECK(scene.look(IoSource::kDevice, kDisk + 1, "sdc 8:32") == 101U);
  // Away for a while, as a plugin's disk between two containers.
  CHECK_FALSE(scene.look_at_nothing());
  CHECK(scene.look(IoSource::kDevice, kDisk + 500, "sdc 8:32") == 101U);
}

TEST_CASE("a counter that begins anew adds what it has") {
  Scene scene;
  CHECK(scene.look(IoSource::kDevice, 1000) == 1000U);
  CHECK(scene.look(IoSource::kDevice, 30) == 1030U);
}

TEST_CASE("eBPF takes over once, with counters of its own, and gives them to nobody") {
  Scene scene;
  CHECK(scene.look(IoSource::kDevice, kDisk) == kDisk);
  CHECK(scene.look(IoSource::kEbpf, 5) == 5U);
  CHECK_FALSE(scene.look(IoSource::kDevice, kDisk));
  CHECK_FALSE(scene.look(IoSource::kShared, 0));
  CHECK(scene.look(IoSource::kEbpf, 9) == 9U);
}

TEST_CASE("a volume that is gone leaves nothing behind, unless the list is a partial one") {
  Scene scene;
  scene.look(IoSource::kDevice, kDisk);
  scene.rename("other");
  scene.look(IoSource::kEbpf, 1);
  CHECK(scene.size() == 1);
  scene.rename("third");
  scene.hide_list();
  scene.look_at_nothing();
  CHECK(scene.size() == 1);
}

}  // namespace
}  // namespace volumeter::volume_io_totals_test
