// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/host_monitor.h"

#include <algorithm>
#include <utility>

#include "exporter/base/fields.h"
#include "exporter/model/inventory_builder.h"
#include "exporter/model/mount_io_targets.h"
#include "exporter/model/nfs_volumes.h"
#include "exporter/model/places.h"
#include "exporter/model/size_targets.h"
#include "exporter/model/volume_io.h"
#include "exporter/sources/kernel/block_devices.h"
#include "exporter/sources/kernel/container_view.h"
#include "exporter/sources/kernel/ext4_errors.h"
#include "exporter/sources/kernel/filesystem_devices.h"
#include "exporter/sources/kernel/upper_directory.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

// How soon a change of the mount table without a Docker event is noticed, at the cost of one
// poll(2).
constexpr std::chrono::seconds kMountCheck{1};

// What sysfs says about the device; at least its name and number.
BlockDevice described(const HostPaths& paths, const BlockDevice& device) {
  auto read = read_block_device(paths, device.number);
  return read && read->name == device.name ? std::move(read).value() : device;
}

std::string read_hostname(const HostPaths& paths) {
  const auto text = read_file(paths.proc("sys/kernel/hostname"));
  return text ? std::string(trim(*text)) : "this host";
}

std::vector<Place> filesystem_places(const Inventory& inventory) {
  std::vector<Place> all;
  for (const FilesystemFacts& facts : inventory.filesystems) all.push_back(place_of(facts));
  return all;
}

// By filesystem of the inventory.
std::vector<std::optional<std::uint64_t>> filesystem_errors(const HostPaths& paths,
                                                            const Inventory& inventory) {
  std::vector<std::optional<std::uint64_t>> errors;
  for (const FilesystemFacts& facts : inventory.filesystems) {
    errors.push_back(
        facts.devices.empty()
            ? std::nullopt
            : read_ext4_errors(paths, inventory.devices[facts.devices.front()].block.name));
  }
  return errors;
}

// The health of the parts that exist.
template <typename... Parts>
void add_health(std::vector<SourceHealth>& all, const std::optional<Parts>&... parts) {
  (void(parts ? all.push_back(parts->health()) : void()), ...);
}

}  // namespace

HostMonitor::HostMonitor(const HostAccess& host, ChangeLog& log, MonitorOptions options)
    : host_(host),
      log_(log),
      options_(std::move(options)),
      boot_time_(read_boot_time(host.paths)),
      hostname_(read_hostname(host.paths)),
      mounts_(host, log),
      mountstats_(host, log),
      mount_views_(host),
      usage_(options_.state_directory, log),
      saved_sizes_(options_.watch_sizes ? options_.state_directory : std::string(), log),
      resolver_(host),
      watcher_(host, log, {.api_version = options_.docker_api_version, .pace = {}},
               [this] { changed_.set(); }) {
  make_parts(host, log);
}

void HostMonitor::make_parts(const HostAccess& host, ChangeLog& log) {
  if (options_.watch_disks) disks_.emplace(host, log);
  if (options_.watch_filesystems) filesystems_.emplace(host, log, options_.filesystem_interval);
  if (options_.watch_sizes) {
    sizes_.emplace(host, log, options_.sizes, [this](const std::string& mount_point) {
      return filesystems_ && filesystems_->is_hung(mount_point);
    });
    // Often enough that each turn of a size knows of them.
    const auto pause =
        std::max<std::chrono::nanoseconds>(options_.sizes.schedule.interval / 10, kMountCheck);
    if (options_.sizes.watch_changes) write_lookout_.emplace(host, pause);
  }
  if (options_.trace_mounts) mount_io_.emplace(host, log);
  if (options_.trace_devices) device_latency_.emplace(host, log);
  if (options_.watch_containers) container_io_.emplace(host, log);
}

void HostMonitor::sample_once(std::stop_token stop) {
  if (device_latency_) device_latency_->start();
  watcher_.list_once(stop);
  refresh(stop);
  if (filesystems_) filesystems_->sample_once(stop);
  if (sizes_) sizes_->sample_once(stop);
}

std::vector<ChangeFeedCheck> HostMonitor::check_once(bool wants_change_feeds,
                                                     std::stop_token stop) {
  usage_.check_directory();
  if (!wants_change_feeds) return {};
  return check_change_feeds(host_, *snapshot(), stop);
}

void HostMonitor::start() {
  usage_.start_writing();
  saved_sizes_.start_writing();
  if (device_latency_) device_latency_->start();
  watcher_.start();
  if (filesystems_) filesystems_->start();
  if (sizes_) sizes_->start();
  refresher_ = std::jthread([this](std::stop_token stop) {
    while (!stop.stop_requested()) {
      refresh(stop);
      if (saved_sizes_.is_due(host_.steady_now())) save_sizes();
      look_for_writes();
      log_.write_gathered();
      changed_.wait_for(stop, kMountCheck);
    }
    save_sizes();
  });
}

void HostMonitor::refresh(std::stop_token stop) {
  const docker::State docker = watcher_.state();
  const auto mounts = mounts_.current();
  const bool new_facts = docker.facts != facts_;
  if (new_facts) resolver_.set_paths(*docker.facts);
  const bool new_paths = resolver_.resolve(*mounts, stop);
  if (stop.stop_requested()) return;
  auto more_devices = find_more_devices();
  if (new_facts || new_paths || mounts != mount_list_ || more_devices != more_devices_) {
    facts_ = docker.facts;
    mount_list_ = mounts;
    more_devices_ = std::move(more_devices);
    auto inventory = build();
    set_targets(*inventory, *mounts);
    // Only a new list is an observation: a change of the mount table says nothing about use.
    if (new_facts) usage_.observe(*inventory, host_.now());
    if (mount_views_.is_due(true)) mount_views_.look(*inventory, *mounts);
    publish(std::move(inventory));
  } else if (mount_views_.is_due(false)) {
    mount_views_.look(*inventory(), *mounts);
  }
  if (docker.up) usage_.still_watching(host_.now());
  if (docker.health.asked()) {
    const std::lock_guard lock(mutex_);
    ready_ = true;
  }
}

void HostMonitor::look_for_writes() {
  if (!write_lookout_ || !write_lookout_->is_due()) return;
  HostSnapshot host;
  host.inventory = inventory();
  const auto mounts = mounts_.current();
  if (mount_io_) host.mount_io = mount_io_->latest();
  if (container_io_) host.container_io = container_io_->read(*host.inventory, *mounts);
  sizes_->note_writes(write_lookout_->look(host, *mounts));
}

// Devices without any I/O, such as most loop devices of a machine, are left out.
std::vector<BlockDevice> HostMonitor::find_more_devices() {
  std::vector<BlockDevice> found;
  if (!disks_ || !options_.all_devices) return found;
  const auto list = disks_->read();
  for (const DiskStats& disk : list->disks()) {
    if (!disk.has_worked()) continue;
    BlockDevice& device = found.emplace_back();
    device.name = disk.name;
    device.number = disk.number;
  }
  return found;
}

std::shared_ptr<const Inventory> HostMonitor::build() const {
  std::vector<BlockDevice> more_devices;
  for (const auto& device : more_devices_) more_devices.push_back(described(host_.paths, device));
  return std::make_shared<const Inventory>(build_inventory(
      {.docker = facts_.get(),
       .mounts = mount_list_.get(),
       .resolved = [this](const std::string& path) { return resolver_.resolved(path); },
       .is_missing = [this](const std::string& path) { return resolver_.is_missing(path); },
       .upper_directory =
           [this](std::uint32_t pid) { return read_upper_directory(host_.paths, pid); },
       .devices_below =
           [this](const Mount& mount) { return read_devices_below(host_.paths, mount); },
       .more_devices = std::move(more_devices),
       .user_labels = options_.user_labels,
       .measured_binds = options_.measured_binds}));
}

// A process that cannot be read is taken for the container's.
bool HostMonitor::is_shown(std::uint32_t pid, const MountList& host_mounts) const {
  const auto text = read_file(host_.paths.proc(std::to_string(pid) + "/mountinfo"));
  return !text || shows_container(parse_mountinfo(*text).items, host_mounts);
}

void HostMonitor::set_targets(const Inventory& inventory, const MountList& mounts) {
  if (filesystems_) filesystems_->set_targets(filesystem_places(inventory));
  if (sizes_) {
    sizes_->restore(saved_sizes_.take(inventory, host_.now()));
    sizes_->set_targets(size_targets(
        inventory, {.procfs = host_.paths.procfs,
                    .mounts = &mounts,
                    .shows_container = [&](std::uint32_t pid) { return is_shown(pid, mounts); }}));
  }
  if (mount_io_) {
    mount_io_->set_targets(mount_io_targets(inventory), volume_names(inventory), mounts);
  }
}

// Only of a complete list: what is missing from a partial one would be forgotten.
void HostMonitor::save_sizes() {
  const auto known = inventory();
  if (sizes_ && known->engine && known->has_all_volumes) {
    saved_sizes_.save(*known, *sizes_->latest());
  }
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
  snapshot->docker_up = docker.up && ready();  // not before what it said is in the inventory
  if (docker.facts != nullptr) snapshot->listed_at = docker.facts->taken_at;
  snapshot->inventory = inventory();
  snapshot->filesystem_errors = filesystem_errors(host_.paths, *snapshot->inventory);
  snapshot->mount_mismatches = mount_views_.latest();
  snapshot->usage = usage_.times();
  add_counters(*snapshot);
  snapshot->process = read_process_stats(host_.paths, options_.units, boot_time_);
  snapshot->sources = source_health(docker);
  if (has_nfs_counters(*snapshot->inventory)) snapshot->sources.push_back(mountstats_.health());
  return snapshot;
}

// One snapshot after the other, so that totals are of counters in the order of reading.
void HostMonitor::add_counters(HostSnapshot& snapshot) {
  const std::lock_guard lock(counters_mutex_);
  add_parts(snapshot);
  if (has_nfs_counters(*snapshot.inventory)) {
    snapshot.nfs = nfs_of_volumes(*snapshot.inventory, mountstats_.read());
  }
  snapshot.volume_io = volume_io_.carried(volume_io(snapshot), *snapshot.inventory);
}

void HostMonitor::add_parts(HostSnapshot& snapshot) {
  if (filesystems_) snapshot.filesystems = filesystems_->latest();
  if (sizes_) {
    snapshot.sizes = sizes_->latest();
    snapshot.size_work = sizes_->work();
  }
  if (mount_io_) snapshot.mount_io = mount_io_->latest();
  if (device_latency_) snapshot.device_latency = device_latency_->latest();
  if (disks_) snapshot.disks = disks_->read();
  if (container_io_) {
    snapshot.container_io = container_io_->read(*snapshot.inventory, *mounts_.current());
  }
}

// Of both files.
SourceHealth HostMonitor::state_health() const {
  SourceHealth usage = usage_.health();
  if (!sizes_) return usage;
  SourceHealth sizes = saved_sizes_.health();
  sizes.bad_items += usage.bad_items;
  if (!sizes.up) return sizes;
  usage.bad_items = sizes.bad_items;
  return usage;
}

std::vector<SourceHealth> HostMonitor::source_health(const docker::State& docker) const {
  std::vector<SourceHealth> all{docker.health, mounts_.health()};
  add_health(all, disks_, filesystems_, sizes_, mount_io_, device_latency_);
  if (!options_.state_directory.empty()) all.push_back(state_health());
  add_health(all, container_io_);
  return all;
}

}  // namespace volumeter
