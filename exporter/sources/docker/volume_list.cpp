// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/volume_list.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace volumeter::docker {

namespace {

// A plugin fails, maybe, and not the engine: if that is gone, its list of containers says so.
bool is_worth_waiting(const Error& error) {
  return error.kind == ErrorKind::kTimeout || error.kind == ErrorKind::kIo;
}

}  // namespace

Result<> VolumeList::renew(std::stop_token stop) {
  bad_ = 0;
  first_bad_.clear();
  if (backoff_.is_over(host_.steady_now())) {
    auto reply = client_.list_volumes(stop);
    if (reply) {
      note_bad(*reply);
      drivers_.take_all(*std::move(reply));
      backoff_.reset();
    } else if (!is_worth_waiting(reply.error()) || stop.stop_requested()) {
      return std::move(reply).error();
    } else {
      backoff_.failed(host_.steady_now());
      drivers_.add_all(client_.ask_loaded_drivers(stop));
    }
  }
  if (backoff_.ends_at()) {
    drivers_.ask_each();
  } else if (!drivers_.due(host_.steady_now()).empty()) {
    drivers_.add_all(client_.ask_loaded_drivers(stop));
  }
  ask_drivers(stop);
  if (!failure()) {
    wanted_.clear();
    asked_by_name_.clear();
  }
  return Nothing{};
}

void VolumeList::ask_drivers(std::stop_token stop) {
  const auto due = drivers_.due(host_.steady_now());
  if (due.empty()) return;
  auto replies = client_.list_volumes_of(due, stop);
  if (stop.stop_requested()) return;
  const SteadyTime now = host_.steady_now();
  for (std::size_t i = 0; i < due.size(); ++i) {
    if (replies[i]) note_bad(*replies[i]);
    drivers_.take(due[i], std::move(replies[i]), now);
  }
}

void VolumeList::want(const std::string& name) {
  if (failure() && !asked_by_name_.contains(name)) wanted_.insert(name);
}

void VolumeList::want_again(const std::string& name) {
  asked_by_name_.erase(name);
  want(name);
}

void VolumeList::ask_by_name(SteadyTime until, std::stop_token stop) {
  while (!wanted_.empty() && !stop.stop_requested()) {
    const std::string name = std::move(wanted_.extract(wanted_.begin()).value());
    auto volume = client_.volume(name, stop);
    asked_by_name_.insert(name);
    if (volume) {
      if (volume->name == name) drivers_.put(*std::move(volume));
    } else if (volume.error().kind == ErrorKind::kNotFound) {
      drivers_.remove(name, std::string(kLocalDriver));
    } else if (volume.error().kind == ErrorKind::kTimeout) {
      wanted_.clear();  // the engine answers nothing about volumes: the next list tries again
    }
    if (host_.steady_now() >= until) return;
  }
}

void VolumeList::reset_backoff() {
  backoff_.reset();
  drivers_.reset_backoff();
}

bool VolumeList::is_partial() const {
  return backoff_.ends_at() || !drivers_.due(host_.steady_now()).empty();
}

void VolumeList::note_bad(const Parsed<Volume>& parsed) {
  if (bad_ == 0) first_bad_ = parsed.first_bad;
  bad_ += parsed.bad;
}

std::vector<Volume> volumes_of(const std::vector<Container>& containers) {
  std::map<std::pair<std::string, std::string>, Volume> by_name;  // and driver
  for (const Container& container : containers) {
    for (const ContainerMount& mount : container.mounts) {
      if (mount.type != MountType::kVolume || mount.volume.empty()) continue;
      Volume& volume = by_name[{mount.volume, mount.driver}];
      volume.name = mount.volume;
      volume.driver = mount.driver;
      if (volume.mountpoint.empty()) volume.mountpoint = mount.source;
    }
  }
  std::vector<Volume> volumes;
  volumes.reserve(by_name.size());
  for (auto& [key, volume] : by_name) volumes.push_back(std::move(volume));
  return volumes;
}

std::vector<Volume> one_of_each_name(const std::vector<Volume>& volumes,
                                     const std::vector<Container>& containers) {
  std::set<std::pair<std::string_view, std::string_view>> mounted;
  for (const Container& container : containers) {
    for (const ContainerMount& mount : container.mounts) {
      if (mount.type == MountType::kVolume) mounted.insert({mount.volume, mount.driver});
    }
  }
  // Smaller is the better one.
  const auto rank = [&](const Volume& volume) {
    return std::tuple(!mounted.contains({volume.name, volume.driver}), volume.driver != "local",
                      std::string_view(volume.driver));
  };
  std::vector<Volume> out;
  out.reserve(volumes.size());
  for (const Volume& volume : volumes) {
    if (out.empty() || out.back().name != volume.name) {
      out.push_back(volume);
    } else if (rank(volume) < rank(out.back())) {
      out.back() = volume;
    }
  }
  return out;
}

}  // namespace volumeter::docker
