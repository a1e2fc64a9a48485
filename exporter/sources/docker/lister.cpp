// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/lister.h"

#include <algorithm>
#include <map>
#include <utility>

namespace volumeter::docker {
namespace {

std::map<std::string, ContainerState> states_by_id(const Facts* facts) {
  std::map<std::string, ContainerState> out;
  if (facts == nullptr) return out;
  for (const Container& container : facts->containers) out[container.id] = container.state;
  return out;
}

// What the list leaves out of a container, from its inspection.
void add_inspected_mounts(Facts& facts) {
  for (Container& container : facts.containers) {
    if (container.knows_mounts) continue;
    const auto details = facts.details.find(container.id);
    if (details == facts.details.end() || !details->second.mounts) continue;
    container.mounts = *details->second.mounts;
    container.knows_mounts = true;
  }
}

}  // namespace

Result<> Lister::connect(std::stop_token stop) {
  auto engine = client_.connect(stop);
  if (!engine) return engine.error();
  engine_ = *std::move(engine);
  inspected_.clear();
  volumes_.reset_backoff();
  return Nothing{};
}

Result<> Lister::list(const PendingChanges& changes, std::stop_token stop) {
  auto next = std::make_shared<Facts>();
  next->engine = engine_;
  // Volumes first: a container created in between mounts a volume that is not listed yet, which
  // does less harm than a new volume that looks orphaned.
  if (changes.volumes || !facts_ || volumes_.unanswered()) {
    const auto renewed = volumes_.renew(stop);
    if (!renewed) return renewed.error();
  }
  auto containers = client_.list_containers(stop);
  if (!containers) return containers.error();
  Parsed<Container> parsed = *std::move(containers);
  bad_containers_ = {parsed.bad, std::move(parsed.first_bad)};
  next->containers = std::move(parsed.items);
  next->taken_at = host_.now();
  forget_old_details(changes, *next);
  add_inspected_mounts(*next);
  next->has_all_volumes = volumes_.was_ever_answered();
  next->volumes = next->has_all_volumes ? one_of_each_name(volumes_.listed(), next->containers)
                                        : volumes_of(next->containers);
  facts_ = std::move(next);
  return Nothing{};
}

// Keeps the details of containers that still exist. Containers whose state changed or that an
// event named keep theirs until they are inspected again.
void Lister::forget_old_details(const PendingChanges& changes, Facts& next) {
  const auto old_states = states_by_id(facts_.get());
  std::set<std::string> still_inspected;
  for (const Container& container : next.containers) {
    const auto old_state = old_states.find(container.id);
    if (old_state == old_states.end()) continue;
    if (const auto details = facts_->details.find(container.id); details != facts_->details.end()) {
      next.details.insert(*details);
    }
    const bool changed = changes.all_details || changes.details.contains(container.id) ||
                         old_state->second != container.state;
    if (!changed && inspected_.contains(container.id)) still_inspected.insert(container.id);
  }
  inspected_ = std::move(still_inspected);
}

void Lister::inspect_some(SteadyTime until, std::stop_token stop) {
  if (has_all_details()) return;
  auto next = std::make_shared<Facts>(*facts_);
  for (const Container& container : next->containers) {
    if (stop.stop_requested()) return;
    if (inspected_.contains(container.id)) continue;
    auto details = client_.inspect(container.id, stop);
    next->details.erase(container.id);
    if (details) next->details.emplace(container.id, *std::move(details));
    inspected_.insert(container.id);
    if (host_.steady_now() >= until) break;
  }
  add_inspected_mounts(*next);
  if (!next->has_all_volumes) next->volumes = volumes_of(next->containers);
  facts_ = std::move(next);
}

bool Lister::has_all_details() const {
  return !facts_ || std::all_of(facts_->containers.begin(), facts_->containers.end(),
                                [this](const Container& container) {
                                  return inspected_.contains(container.id);
                                });
}

std::string Lister::first_bad() const {
  return volumes_.bad() > 0 ? volumes_.first_bad() : bad_containers_.first;
}

}  // namespace volumeter::docker
