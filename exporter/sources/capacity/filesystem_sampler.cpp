// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/capacity/filesystem_sampler.h"

#include <algorithm>
#include <utility>

namespace volumeter {
namespace {

LogSubject subject_of(const std::string& mount_point) {
  return LogSubject::one_of("filesystem", {{"mountpoint", mount_point}});
}

}  // namespace

FilesystemSampler::FilesystemSampler(const HostAccess& host, ChangeLog& log,
                                     std::chrono::milliseconds interval)
    : host_(host), log_(log), interval_(interval) {
  health_.name = "statfs";
  health_.provides = "capacity of filesystems that hold Docker data";
  health_.may_decline = true;
}

void FilesystemSampler::set_targets(const std::vector<Place>& mounts) {
  Targets wanted;
  for (const Place& mount : mounts) wanted.emplace(mount.path, mount);
  std::vector<std::string> gone;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [mount_point, mount] : targets_) {
      const auto kept = wanted.find(mount_point);
      if (kept != wanted.end() && kept->second == mount) continue;
      samples_.erase(mount_point);
      out_of_inodes_.erase(mount_point);
      without_inode_limit_.erase(mount_point);
      gone.push_back(mount_point);
    }
    if (!gone.empty()) latest_.reset();
    targets_ = std::move(wanted);
    if (ticker_) ticker_->wake();
  }
  for (const std::string& mount_point : gone) log_.forget(subject_of(mount_point));
}

void FilesystemSampler::start() {
  const std::lock_guard lock(mutex_);
  ticker_.emplace([this](std::stop_token stop) { return tick(stop); });
}

void FilesystemSampler::sample_once(std::stop_token stop) { sample(all_targets(), stop); }

std::shared_ptr<const FilesystemSampler::Samples> FilesystemSampler::latest() const {
  const std::lock_guard lock(mutex_);
  if (!latest_) latest_ = std::make_shared<const Samples>(samples_);
  return latest_;
}

bool FilesystemSampler::is_hung(const std::string& mount_point) const {
  const std::lock_guard lock(mutex_);
  const auto found = samples_.find(mount_point);
  return found != samples_.end() && found->second.error &&
         found->second.error->kind == ErrorKind::kTimeout;
}

SourceHealth FilesystemSampler::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

Ticker::Pause FilesystemSampler::tick(std::stop_token stop) {
  const auto now = host_.steady_now();
  if (now >= next_round_) {
    next_round_ = now + interval_;
    sample(all_targets(), stop);
  } else {
    sample(new_targets(), stop);
  }
  return std::max(std::chrono::ceil<Ticker::Pause>(next_round_ - host_.steady_now()),
                  Ticker::Pause::zero());
}

void FilesystemSampler::sample(const Targets& targets, std::stop_token stop) {
  std::vector<Place> places;
  for (const auto& [mount_point, place] : targets) places.push_back(place);
  const auto began = host_.steady_now();
  host_.statfs(
      places,
      [&](std::size_t index, Result<FsUsage> answer) {
        if (stop.stop_requested()) return;  // interrupted: no evidence
        accept(places[index], std::move(answer), began);
      },
      stop);
  if (!stop.stop_requested()) assess_health();
}

void FilesystemSampler::accept(const Place& mount, Result<FsUsage> answer, SteadyTime began) {
  const auto took = host_.steady_now() - began;
  std::optional<Error> before;
  std::optional<Error> now;
  {
    const std::lock_guard lock(mutex_);
    const auto target = targets_.find(mount.path);
    if (target == targets_.end() || target->second != mount) return;  // gone or replaced meanwhile
    Sampled<FsUsage>& sample = samples_[mount.path];
    before = sample.error;
    if (answer) {
      FsUsage usage = *answer;
      drop_inodes_without_limit(mount.path, usage);
      answer = usage;
    }
    sample.accept(std::move(answer), host_.now(), took);
    now = sample.error;
    latest_.reset();
    if (now) ++health_.errors[static_cast<std::size_t>(now->kind)];
  }
  report(mount.path, before, now);  // may wait for whoever reads the log: without the lock
}

// With the lock held. A filesystem that runs out of inodes also says that none is free, but always has
// the same number.
void FilesystemSampler::drop_inodes_without_limit(const std::string& mount_point, FsUsage& usage) {
  if (usage.files_free != 0 || usage.files == 0) {
    out_of_inodes_.erase(mount_point);
    without_inode_limit_.erase(mount_point);
    return;
  }
  const auto first = out_of_inodes_.try_emplace(mount_point, usage).first;
  if (shows_no_inode_limit(first->second, usage)) without_inode_limit_.insert(mount_point);
  if (!without_inode_limit_.contains(mount_point)) return;
  usage.files = 0;
  usage.files_free.reset();
}

void FilesystemSampler::assess_health() {
  const std::lock_guard lock(mutex_);
  const auto failing = std::find_if(samples_.begin(), samples_.end(),
                                    [](const auto& item) { return item.second.error; });
  const auto bad = static_cast<std::size_t>(std::count_if(
      samples_.begin(), samples_.end(), [](const auto& item) { return item.second.error; }));
  if (samples_.empty()) {
    health_.up = true;  // nothing to ask: no failure, and no answer that could age
  } else if (bad < samples_.size()) {
    health_.succeeded(host_.now(), bad);
  } else {
    health_.up = false;
    health_.last_error = failing->second.error->text();
    health_.bad_items = bad;
  }
}

void FilesystemSampler::report(const std::string& mount_point, const std::optional<Error>& before,
                               const std::optional<Error>& now) {
  const LogSubject subject = subject_of(mount_point);
  if (!now) {
    if (before) log_.info(subject, "statfs succeeds again");
    return;
  }
  switch (now->kind) {
    case ErrorKind::kTimeout:
      log_.warning(
          subject,
          "no answer to statfs; serving the last known values; check the server or unmount "
          "the filesystem");
      break;
    case ErrorKind::kNotAsked:
      log_.warning(subject, "statfs not called; serving the last known values; retrying",
                   {{"error", now->what}});
      break;
    case ErrorKind::kPermission:
      log_.warning(
          subject,
          "statfs denied to this agent; no capacity of the filesystem; run as root or with "
          "CAP_DAC_READ_SEARCH, and allow root on a FUSE filesystem (allow_root)",
          {{"error", now->what}});
      break;
    case ErrorKind::kUnsupported:
      log_.warning(
          subject,
          "statfs unavailable; no capacity of the filesystem; allow the syscalls statfs and "
          "openat2 in the seccomp profile",
          {{"error", now->what}});
      break;
    default:
      log_.warning(
          subject,
          "statfs failed; serving the last known values; check that it is mounted and that "
          "this process may access it",
          {{"error", now->what}});
  }
}

FilesystemSampler::Targets FilesystemSampler::all_targets() const {
  const std::lock_guard lock(mutex_);
  return targets_;
}

FilesystemSampler::Targets FilesystemSampler::new_targets() const {
  const std::lock_guard lock(mutex_);
  Targets found = targets_;
  std::erase_if(found, [this](const auto& item) { return samples_.contains(item.first); });
  return found;
}

}  // namespace volumeter
