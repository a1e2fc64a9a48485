// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/mount_io_watch.h"

#include <utility>

#include "exporter/sources/ebpf/ebpf_obstacle.h"
#include "exporter/sources/kernel/container_view.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::string_view kCountingSubject = "ebpf";

// The mount of a path of the host, and the directory in its filesystem.
std::optional<std::pair<const Mount*, std::string>> place_of(const std::string& path,
                                                             const MountList& mounts) {
  if (path.empty()) return {};
  const Mount* mount = mounts.find(path);
  if (mount == nullptr) return {};
  std::string directory = mount->root == "/" ? "" : mount->root;
  if (mount->mount_point == "/") {
    directory += path;
  } else {
    directory += path.substr(mount->mount_point.size());
  }
  return std::pair(mount, directory.empty() ? "/" : directory);
}

}  // namespace

const Mount* find_container_mount(const std::vector<Mount>& mounts, const std::string& destination,
                                  const std::optional<std::pair<const Mount*, std::string>>& data) {
  const Mount* by_data = nullptr;
  std::size_t matches = 0;
  for (auto mount = mounts.rbegin(); mount != mounts.rend(); ++mount) {
    if (mount->mount_point == destination) return &*mount;  // the topmost of stacked mounts
    if (!data) continue;
    const auto& [host_mount, directory] = *data;
    if (mount->device == host_mount->device && mount->root == directory) {
      by_data = &*mount;
      ++matches;
    }
  }
  return matches == 1 ? by_data : nullptr;  // ambiguous if there are several
}

void MountIoWatch::set_targets(const std::vector<MountIoTarget>& targets,
                               const std::set<std::string>& volumes, const MountList& host_mounts) {
  if (!has_tracer()) return;
  Targets wanted;
  for (const MountIoTarget& target : targets) wanted.emplace(target.key, &target);
  const auto found = find_new(wanted, host_mounts);

  const std::lock_guard lock(mutex_);
  drop(wanted);
  uncounted_volumes_.clear();
  std::size_t unwatched = 0;
  for (const auto& [key, target] : wanted) {
    if (watched_.contains(key)) continue;
    const auto mount = found.find(key);
    if (mount != found.end() && watch(*target, mount->second)) continue;
    ++unwatched;
    if (!target->volume.empty()) uncounted_volumes_.insert(target->volume);
  }
  totals_.forget(volumes, host_.steady_now());
  health_.bad_items = unwatched;
}

bool MountIoWatch::has_tracer() {
  if (!was_started_) {
    was_started_ = true;
    auto tracer = host_.trace_mounts();
    const std::lock_guard lock(mutex_);
    if (tracer) {
      tracer_ = std::move(tracer).value();
      log_.info(kCountingSubject, "counting volume I/O with eBPF");
    } else {
      health_.failed(tracer.error());
      health_.remedy = ebpf_obstacle(host_.paths, tracer.error().text(), permitted_capabilities());
      log_.info(kCountingSubject,
                "eBPF unavailable; I/O only for volumes with a block device of their own; run with "
                "--check for the remedy",
                {{"error", tracer.error().text()}});
    }
  }
  return tracer_ != nullptr;
}

// Finds the mounts that are not watched yet. Without the lock, so that a scrape does not wait while
// the kernel verifies programs for another filesystem type.
std::map<MountKey, MountIoWatch::Watched> MountIoWatch::find_new(const Targets& wanted,
                                                                 const MountList& host_mounts) {
  std::set<std::uint32_t> pids;
  for (const auto& [key, target] : wanted) {
    const auto known = watched_.find(key);
    if (known == watched_.end() || known->second.pid != target->pid) pids.insert(target->pid);
  }
  const auto views = look_into(pids, host_mounts);
  std::map<MountKey, const Mount*> seen;
  std::set<std::string> shown;  // containers whose view has at least one of their own mounts
  for (const auto& [key, target] : wanted) {
    const auto view = views.find(target->pid);
    if (view == views.end()) continue;
    const Mount* mount = find_container_mount(view->second.mounts, key.second,
                                              place_of(target->data_path, host_mounts));
    seen.emplace(key, mount);
    if (mount != nullptr && key.second != "/") shown.insert(key.first);
    if (mount == nullptr) {
      log_.info({"mount", {{"container", key.first}, {"path", key.second}}},
                "I/O not counted: no such mount in the container's mount namespace");
    }
  }
  std::map<MountKey, Watched> found;
  for (const auto& [key, mount] : seen) {
    // A root directory beside which none of the container's mounts is: a sandbox's own.
    const bool is_alone =
        key.second == "/" && !shown.contains(key.first) && has_other_mounts(wanted, key.first);
    if (mount == nullptr || is_alone || !follow(mount->fstype)) continue;
    const MountIoTarget& target = *wanted.at(key);
    found.emplace(key, Watched{.identity = {.id = static_cast<std::uint32_t>(mount->id),
                                            .namespace_id = views.at(target.pid).namespace_id,
                                            .device = mount->device},
                               .pid = target.pid});
  }
  return found;
}

bool MountIoWatch::has_other_mounts(const Targets& wanted, const std::string& container) {
  for (auto entry = wanted.lower_bound({container, ""});
       entry != wanted.end() && entry->first.first == container; ++entry) {
    if (entry->first.second != "/") return true;
  }
  return false;
}

// Skips processes that have ended, processes in the host's mount namespace (their process id has
// been reused, or it is the monitor of a virtual machine), and sandboxes.
std::map<std::uint32_t, MountIoWatch::View> MountIoWatch::look_into(
    const std::set<std::uint32_t>& pids, const MountList& host_mounts) {
  std::map<std::uint32_t, View> views;
  if (pids.empty()) return views;
  const auto namespaces = tracer_->namespaces();
  if (!namespaces) {
    log_.warning("ebpf_mounts", "cannot read mount namespaces; no I/O for new containers",
                 {{"error", namespaces.error().text()}});
    return views;
  }
  const auto host = namespaces->find(1);
  if (host == namespaces->end()) {
    log_.warning(
        "ebpf_mounts",
        "the agent runs in a nested PID namespace; no I/O for containers; run the agent and "
        "the engine in the host's PID namespace");
    return views;
  }
  for (const std::uint32_t pid : pids) {
    const auto found = namespaces->find(pid);
    if (found == namespaces->end()) continue;
    if (host->second == found->second) continue;
    const auto text = read_file(host_.paths.proc(std::to_string(pid) + "/mountinfo"));
    if (!text) continue;
    auto mounts = parse_mountinfo(*text).items;
    if (shows_container(mounts, host_mounts)) {
      views.emplace(pid, View{found->second, std::move(mounts)});
    } else {
      log_.info(
          {"mount", {{"pid", std::to_string(pid)}}},
          "I/O not counted: the container runs in a sandbox (gVisor, Kata) whose process does "
          "not show its mounts");
    }
  }
  return views;
}

// A refused attempt is expensive, so it is retried once a minute instead of for each mount.
bool MountIoWatch::follow(const std::string& fstype) {
  const SteadyTime now = host_.steady_now();
  const auto refused = refused_.find(fstype);
  if (refused != refused_.end() && now - refused->second < kRetry) return false;
  const auto done = tracer_->follow(fstype);
  refused_.erase(fstype);
  if (done && !tracer_->counts_mapped_writes(fstype)) {
    const std::lock_guard lock(mutex_);
    without_mapped_writes_.insert(fstype);
  }
  if (done) return true;
  refused_.emplace(fstype, now);
  log_.info({"ebpf_filesystem", {{"fstype", fstype}}}, "I/O not counted on this filesystem type",
            {{"error", done.error().text()}});
  return false;
}

// To be called before new mounts are watched, because they may reuse the ids of dropped ones.
void MountIoWatch::drop(const Targets& wanted) {
  const auto is_gone = [&](const auto& entry) {
    const auto found = wanted.find(entry.first);
    return found == wanted.end() || found->second->pid != entry.second.pid;
  };
  for (const auto& entry : watched_) {
    if (is_gone(entry)) tracer_->unwatch(entry.second.token, entry.second.identity);
  }
  collect();
  std::erase_if(watched_, [&](const auto& entry) {
    if (!is_gone(entry)) return false;
    tracer_->forget(entry.second.token);
    totals_.close(entry.second.token, host_.steady_now());
    return true;
  });
}

bool MountIoWatch::watch(const MountIoTarget& target, Watched found) {
  // Two destinations can be the same mount by a symbolic link; the kernel counts it once.
  for (const auto& [key, other] : watched_) {
    if (other.identity == found.identity) return other.pid == found.pid;
  }
  found.token = ++last_token_;
  const auto done = tracer_->watch(found.token, found.identity);
  if (!done) {
    log_.warning("ebpf_mounts", "I/O of some mounts not counted", {{"error", done.error().text()}});
    return false;
  }
  totals_.open(found.token, target.key, target.volume);
  watched_.emplace(target.key, found);
  return true;
}

void MountIoWatch::collect() {
  const auto counted = tracer_->read();
  if (!counted) {
    health_.failed(counted.error());
    return;
  }
  totals_.add(*counted);
  health_.succeeded(host_.now(), health_.bad_items);
  // Direct I/O that completes after its mount is gone would leave an entry in the map for ever.
  for (const auto& [token, io] : *counted) {
    if (!totals_.is_open(token)) tracer_->forget(token);
  }
}

std::shared_ptr<const MountIoReadings> MountIoWatch::latest() {
  const std::lock_guard lock(mutex_);
  if (tracer_ == nullptr) return nullptr;
  collect();
  return std::make_shared<const MountIoReadings>(MountIoReadings{
      totals_.mounts(), totals_.volumes(), uncounted_volumes_, without_mapped_writes_});
}

SourceHealth MountIoWatch::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

}  // namespace volumeter
