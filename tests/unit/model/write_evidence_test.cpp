// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/write_evidence.h"

#include <catch2/catch.hpp>

namespace volumeter::write_evidence_test {
namespace {

using Names = std::vector<std::string>;

// Two volumes and two running containers; a test mounts and writes.
class Scene {
 public:
  Scene() {
    for (const char* name : {"data", "static"}) inventory_.volumes.emplace_back().name = name;
    for (const unsigned pid : {41U, 42U}) inventory_.containers.emplace_back().pid = pid;
    host_.container_io.assign(2, ContainerIo{});
  }

  void mount(std::size_t container, std::size_t volume, bool writable = true) {
    inventory_.mounts.push_back(
        {.container = container, .writable = writable, .data_volume = volume});
  }

  void write(std::size_t container, std::uint64_t bytes) {
    auto& devices = host_.container_io[container]->devices;
    if (devices.empty()) devices.push_back({.number = {8, 0}});
    devices[0].written_bytes += bytes;
  }

  void dirty(std::size_t container, std::uint64_t bytes) {
    processes_[container] = processes_[container].value_or(0) + bytes;
  }
  void end(std::size_t container) {
    processes_[container].reset();
    host_.container_io[container].reset();
  }

  void count_by_ebpf(const std::string& volume, std::uint64_t writes) {
    counted_.volumes[volume].writes.operations = writes;
    uses_ebpf_ = true;
  }

  void leave_uncounted(const std::string& volume) { counted_.uncounted_volumes.insert(volume); }

  Names look() {
    host_.inventory = std::make_shared<const Inventory>(inventory_);
    if (uses_ebpf_) host_.mount_io = std::make_shared<const MountIoReadings>(counted_);
    return evidence_.look(host_, processes_);
  }

 private:
  Inventory inventory_;
  MountIoReadings counted_;
  bool uses_ebpf_ = false;
  HostSnapshot host_;
  WriteEvidence::ProcessWrites processes_{0, 0};
  WriteEvidence evidence_;
};

TEST_CASE("a container that wrote may have written to each volume that it has for writing") {
  Scene scene;
  scene.mount(0, 0);
  scene.mount(0, 1, false);
  scene.mount(1, 1);
  CHECK(scene.look().empty());  // what was before is no news
  scene.write(0, 4096);
  CHECK(scene.look() == Names{"data"});
  CHECK(scene.look().empty());
  scene.write(1, 1);
  CHECK(scene.look() == Names{"static"});
}

TEST_CASE("what eBPF counted of a volume is what was written to it") {
  Scene scene;
  scene.mount(0, 0);
  scene.mount(0, 1);
  scene.count_by_ebpf("data", 10);
  scene.look();
  scene.write(0, 4096);
  CHECK(scene.look().empty());
  scene.count_by_ebpf("data", 11);
  CHECK(scene.look() == Names{"data"});
  scene.leave_uncounted("static");
  scene.look();
  scene.write(0, 4096);
  CHECK(scene.look() == Names{"static"});
}

TEST_CASE("buffered writes, which a cgroup of version 1 does not count, are those of processes") {
  Scene scene;
  scene.mount(0, 0);
  scene.mount(1, 1, false);
  scene.look();
  scene.dirty(0, 4096);
  scene.dirty(1, 4096);
  CHECK(scene.look() == Names{"data"});
  CHECK(scene.look().empty());
}

TEST_CASE("a container that ends has written nothing") {
  Scene scene;
  scene.mount(0, 0);
  scene.mount(1, 0);
  scene.write(0, 100);
  scene.write(1, 100);
  scene.look();
  scene.end(1);
  CHECK(scene.look().empty());
}

}  // namespace
}  // namespace volumeter::write_evidence_test
