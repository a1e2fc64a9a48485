// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/model/volume_io.h"

namespace volumeter::test {

// Two disks, of which one has two partitions, and what a test puts on them.
class IoSourcesHost {
 public:
  static constexpr std::size_t kSda = 0, kSda1 = 1, kSda2 = 2, kSdb = 3, kMd0 = 4;

  IoSourcesHost() {
    add_device("sda", {8, 0});
    add_device("sda1", {8, 1}).block.is_partition = true;
    add_device("sda2", {8, 2}).block.is_partition = true;
    add_device("sdb", {8, 16});
    add_device("md0", {9, 0}).parents = {Label("sda2")};
    inventory_.devices[kSda1].parents = inventory_.devices[kSda2].parents = {Label("sda")};
    disks(
        "8 0 sda 1000 0 8000 0 2000 0 16000 0 0 0 0\n"
        "8 1 sda1 100 0 800 0 200 0 1600 0 0 0 0\n"
        "8 16 sdb 10 0 80 0 20 0 160 0 0 0 0\n");
  }

  // `devices`: what it lies on, the first of which it is mounted from.
  std::size_t filesystem(const std::string& type, DeviceNumber number,
                         std::vector<std::size_t> devices) {
    FilesystemFacts facts;
    facts.fstype = Label(type);
    facts.number = number;
    facts.devices = std::move(devices);
    inventory_.filesystems.push_back(std::move(facts));
    return inventory_.filesystems.size() - 1;
  }

  std::size_t on_sda1() { return filesystem("ext4", {8, 1}, {kSda1, kSda}); }
  std::size_t on_sda2() { return filesystem("ext4", {8, 2}, {kSda2, kSda}); }
  std::size_t on_sdb() { return filesystem("ext4", {8, 16}, {kSdb}); }

  std::size_t volume(std::size_t filesystem, bool is_whole_filesystem = false) {
    VolumeFacts facts;
    facts.name = "volume-" + std::to_string(inventory_.volumes.size());
    facts.filesystem = filesystem;
    facts.is_whole_filesystem = is_whole_filesystem;
    inventory_.volumes.push_back(std::move(facts));
    return inventory_.volumes.size() - 1;
  }

  void engine_on(std::size_t filesystem) {
    engine_filesystem_ = filesystem;
    inventory_.engine.emplace().filesystem = filesystem;
  }

  // One that runs, with its root where the engine is.
  std::size_t container(std::vector<DeviceIo> devices = {}) {
    const std::size_t index = inventory_.containers.size();
    inventory_.containers.emplace_back().pid = 1000 + static_cast<unsigned>(index);
    inventory_.mounts.push_back(
        {.kind = MountKind::kRootfs, .container = index, .filesystem = engine_filesystem_});
    host_.container_io.push_back(ContainerIo{
        .run_devices = std::move(devices), .lists_all = true, .counts_writeback = true});
    return index;
  }

  // Mounts belong to the container that was made last.
  MountFacts& mount(std::size_t volume) {
    ++inventory_.volumes[volume].containers.running;
    return add({.kind = MountKind::kVolume,
                .volume = volume,
                .data_volume = volume,
                .filesystem = inventory_.volumes[volume].filesystem});
  }

  MountFacts& bind(std::optional<std::size_t> filesystem) {
    return add({.kind = MountKind::kBind, .filesystem = filesystem});
  }

  void tmpfs() { add({.kind = MountKind::kTmpfs}); }

  void disks(std::string_view text) {
    host_.disks = std::make_shared<const DiskList>(parse_diskstats(text).items);
  }

  FilesystemFacts& filesystem_facts(std::size_t index) { return inventory_.filesystems[index]; }
  VolumeFacts& facts(std::size_t volume) { return inventory_.volumes[volume]; }
  ContainerIo& io(std::size_t container) { return *host_.container_io[container]; }
  HostSnapshot& snapshot() { return host_; }

  std::optional<VolumeIo> io_of(std::size_t volume) {
    host_.inventory = std::make_shared<const Inventory>(inventory_);
    for (const VolumeIo& io : volume_io(host_)) {
      if (io.volume == &host_.inventory->volumes.at(volume)) return io;
    }
    return {};
  }

  // kShared only if there is indeed no number.
  std::optional<IoSource> source_of(std::size_t volume) {
    const auto io = io_of(volume);
    if (!io) return {};
    const bool has_numbers = io->reads || io->writes || io->read_bytes || io->written_bytes;
    CHECK(has_numbers == (io->source != IoSource::kShared));
    return io->source;
  }

 private:
  DeviceFacts& add_device(const std::string& name, DeviceNumber number) {
    DeviceFacts& facts = inventory_.devices.emplace_back();
    facts.block.name = name;
    facts.name = Label(name);
    facts.block.number = number;
    return facts;
  }

  MountFacts& add(MountFacts mount) {
    mount.container = inventory_.containers.size() - 1;
    return inventory_.mounts.emplace_back(std::move(mount));
  }

  Inventory inventory_;
  HostSnapshot host_;
  std::optional<std::size_t> engine_filesystem_;
};

inline DeviceIo done(DeviceNumber number, std::uint64_t reads, std::uint64_t writes) {
  return {.number = number,
          .reads = reads,
          .writes = writes,
          .read_bytes = reads * 4096,
          .written_bytes = writes * 4096,
          .name = {}};
}

}  // namespace volumeter::test
