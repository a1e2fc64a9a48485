// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/host_monitor.h"

#include <set>
#include <utility>

#include "exporter/base/fields.h"
#include "exporter/model/inventory_builder.h"
#include "exporter/model/size_targets.h"
#include "exporter/sources/block_devices.h"
#include "exporter/sources/files.h"

namespace volumeter {
namespace {

// How soon a change of the mount table that no Docker event announces is seen. Looking
// costs one poll(2).
constexpr std::chrono::seconds kMountCheck{1};

std::vector<BlockDevice> devices_below(const HostPaths& paths, unsigned major, unsigned minor) {
  auto devices = read_block_devices(paths, major, minor);
  return devices ? std::move(devices).value() : std::vector<BlockDevice>{};
}

std::string read_hostname(const HostPaths& paths) {
  const auto text = read_file(paths.proc("sys/kernel/hostname"));
  return text ? std::string(trim(*text)) : "this host";
}

// It may have begun to hang since the filesystem sampler last asked it.
bool does_hang(const HostAccess& host, const std::string& mount_point, std::stop_token stop) {
  const auto answer = host.statfs(mount_point, stop);
  return !answer && answer.error().kind == ErrorKind::kTimeout;
}

}  // namespace

HostMonitor::HostMonitor(const HostAccess& host, ChangeLog& log, MonitorOptions options)
    : host_(host),
      options_(std::move(options)),
      boot_time_(read_boot_time(host.paths)),
      hostname_(read_hostname(host.paths)),
      mounts_(host, log),
      filesystems_(host, log, options_.filesystem_interval),
      sizes_(host, log, options_.sizes,
             [this](const std::string& mount_point, std::stop_token stop) {
               return filesystems_.is_hung(mount_point) || does_hang(host_, mount_point, stop);
             }),
      usage_(options_.state_directory, log),
      container_io_(host, log),
      resolver_(host),
      watcher_(host, log, {.api_version = options_.docker_api_version, .pace = {}},
               [this] { changed_.set(); }) {}

void HostMonitor::sample_once(std::stop_token stop) {
  watcher_.list_once(stop);
  refresh(stop);
  if (options_.watch_filesystems) filesystems_.sample_once(stop);
  if (options_.watch_sizes) sizes_.sample_once(stop);
}

void HostMonitor::start() {
  usage_.start_writing();
  watcher_.start();
  if (options_.watch_filesystems) filesystems_.start();
  if (options_.watch_sizes) sizes_.start();
  refresher_ = std::jthread([this](std::stop_token stop) {
    while (!stop.stop_requested()) {
      refresh(stop);
      changed_.wait_for(stop, kMountCheck);
    }
  });
}

void HostMonitor::refresh(std::stop_token stop) {
  const docker::State docker = watcher_.state();
  const auto mounts = mounts_.current();
  const bool new_facts = docker.facts != facts_;
  if (new_facts) resolver_.update(*docker.facts, *mounts, stop);
  if (stop.stop_requested()) return;
  if (new_facts || mounts != mount_list_) {
    facts_ = docker.facts;
    mount_list_ = mounts;
    auto inventory = build(facts_.get(), *mounts);
    set_targets(*inventory);
    // A whole list is a look at the host; a change of the mount table alone is not, and a
    // partial list would make the history forget what it lacks.
    if (new_facts && inventory->has_all_volumes) usage_.observe(*inventory, host_.now());
    publish(std::move(inventory));
  }
  if (docker.up && facts_->has_all_volumes) usage_.still_watching(host_.now());
  if (docker.health.asked()) {
    const std::lock_guard lock(mutex_);
    ready_ = true;
  }
}

std::shared_ptr<const Inventory> HostMonitor::build(const docker::Facts* facts,
                                                    const MountList& mounts) const {
  return std::make_shared<const Inventory>(build_inventory(
      {.docker = facts,
       .mounts = &mounts,
       .resolved = [this](const std::string& path) { return resolver_.resolved(path); },
       .devices = [this](unsigned major,
                         unsigned minor) { return devices_below(host_.paths, major, minor); },
       .user_labels = options_.user_labels,
       .measured_binds = options_.measured_binds}));
}

void HostMonitor::set_targets(const Inventory& inventory) {
  std::vector<std::string> mount_points;
  for (const FilesystemFacts& facts : inventory.filesystems) {
    mount_points.push_back(facts.mount_point);
  }
  filesystems_.set_targets(std::move(mount_points));

  sizes_.set_targets(size_targets(inventory, {.procfs = host_.paths.procfs}));
}

void HostMonitor::publish(std::shared_ptr<const Inventory> inventory) {
  const std::lock_guard lock(mutex_);
  inventory_ = std::move(inventory);
}

std::shared_ptr<const Inventory> HostMonitor::inventory() const {
  const std::lock_guard lock(mutex_);
  return inventory_;
}

bool HostMonitor::ready() const {
  const std::lock_guard lock(mutex_);
  return ready_;
}

std::shared_ptr<const HostSnapshot> HostMonitor::snapshot() {
  const docker::State docker = watcher_.state();
  auto snapshot = std::make_shared<HostSnapshot>();
  snapshot->taken_at = host_.now();
  snapshot->build = host_.build;
  snapshot->hostname = hostname_;
  snapshot->docker_up = docker.up;
  if (docker.facts != nullptr) snapshot->listed_at = docker.facts->taken_at;
  snapshot->inventory = inventory();
  snapshot->filesystems = filesystems_.latest();
  snapshot->sizes = sizes_.latest();
  if (options_.watch_sizes) snapshot->size_work = sizes_.work();
  snapshot->usage = usage_.times();
  if (options_.watch_containers) {
    snapshot->container_io = container_io_.read(*snapshot->inventory, *mounts_.current());
  }
  snapshot->process = read_process_stats(host_.paths, options_.units, boot_time_);
  snapshot->sources = source_health(docker);
  return snapshot;
}

std::vector<SourceHealth> HostMonitor::source_health(const docker::State& docker) const {
  std::vector<SourceHealth> all{docker.health, mounts_.health()};
  if (options_.watch_filesystems) all.push_back(filesystems_.health());
  if (options_.watch_sizes) all.push_back(sizes_.health());
  if (!options_.state_directory.empty()) all.push_back(usage_.health());
  if (options_.watch_containers) all.push_back(container_io_.health());
  return all;
}

}  // namespace volumeter
