// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/capacity/filesystem_sampler.h"

#include <algorithm>

namespace volumeter {
namespace {

std::string subject_of(const std::string& mount_point) { return "filesystem " + mount_point; }

}  // namespace

FilesystemSampler::FilesystemSampler(const HostAccess& host, ChangeLog& log,
                                     std::chrono::milliseconds interval)
    : host_(host), log_(log), interval_(interval) {
  health_.name = "statfs";
}

void FilesystemSampler::set_targets(std::vector<std::string> mount_points) {
  std::sort(mount_points.begin(), mount_points.end());
  const auto end = std::unique(mount_points.begin(), mount_points.end());
  mount_points.erase(end, mount_points.end());
  const std::lock_guard lock(mutex_);
  targets_ = std::move(mount_points);
  if (ticker_) ticker_->wake();
}

void FilesystemSampler::start() {
  const std::lock_guard lock(mutex_);
  ticker_.emplace([this](std::stop_token stop) { return tick(stop); });
}

void FilesystemSampler::sample_once(std::stop_token stop) { sample(targets(), stop); }

std::shared_ptr<const FilesystemSampler::Samples> FilesystemSampler::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

bool FilesystemSampler::is_hung(const std::string& mount_point) const {
  const auto samples = latest();
  const auto found = samples->find(mount_point);
  return found != samples->end() && found->second.error &&
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
    sample(targets(), stop);
  } else {
    sample(new_targets(), stop);
  }
  return std::max(std::chrono::ceil<Ticker::Pause>(next_round_ - host_.steady_now()),
                  Ticker::Pause::zero());
}

void FilesystemSampler::sample(const std::vector<std::string>& mount_points, std::stop_token stop) {
  for (const std::string& mount_point : mount_points) {
    ask(mount_point, stop);
    if (stop.stop_requested()) return;
  }
  publish();
}

void FilesystemSampler::ask(const std::string& mount_point, std::stop_token stop) {
  const auto began = host_.steady_now();
  auto answer = host_.statfs(mount_point, stop);
  if (stop.stop_requested()) return;  // it says nothing about the filesystem then
  Sampled<FsUsage>& sample = samples_[mount_point];
  const std::optional<Error> before = sample.error;
  sample.accept(std::move(answer), host_.now(), host_.steady_now() - began);
  report(mount_point, before, sample.error);
  if (sample.error) {
    const std::lock_guard lock(mutex_);
    ++health_.errors[static_cast<std::size_t>(sample.error->kind)];
  }
  // This one took its time: show what is known before the next one does too.
  if (sample.error && sample.error->kind == ErrorKind::kTimeout && !before) publish();
}

void FilesystemSampler::publish() {
  const std::vector<std::string> wanted = targets();
  std::erase_if(samples_, [&](const auto& item) {
    const bool gone = !std::binary_search(wanted.begin(), wanted.end(), item.first);
    if (gone) log_.forget(subject_of(item.first));
    return gone;
  });
  const auto failing = std::count_if(samples_.begin(), samples_.end(),
                                     [](const auto& item) { return item.second.error; });
  const auto published = std::make_shared<const Samples>(samples_);
  const std::lock_guard lock(mutex_);
  latest_ = published;
  const auto bad = static_cast<std::size_t>(failing);
  if (samples_.empty()) {
    health_.up = true;  // nothing to ask: no failure, and no answer that could age
  } else if (bad < samples_.size()) {
    health_.succeeded(host_.now(), bad);
  } else {
    health_.up = false;
    health_.last_error = published->begin()->second.error->text();
    health_.bad_items = bad;
  }
}

void FilesystemSampler::report(const std::string& mount_point, const std::optional<Error>& before,
                               const std::optional<Error>& now) {
  const std::string subject = subject_of(mount_point);
  if (!now) {
    if (before) log_.info(subject, "answers again");
  } else if (now->kind == ErrorKind::kTimeout) {
    log_.warning(subject,
                 "does not answer; its last known values, if any, are served; check the server or "
                 "unmount it");
  } else {
    log_.warning(subject,
                 "cannot be asked for its size (" + now->what +
                     "); its last known values, if any, are served; check that it is mounted "
                     "and that this process may reach it");
  }
}

std::vector<std::string> FilesystemSampler::targets() const {
  const std::lock_guard lock(mutex_);
  return targets_;
}

std::vector<std::string> FilesystemSampler::new_targets() const {
  std::vector<std::string> found = targets();
  std::erase_if(found, [this](const std::string& one) { return samples_.contains(one); });
  return found;
}

}  // namespace volumeter
