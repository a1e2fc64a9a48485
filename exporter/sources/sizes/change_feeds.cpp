// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/change_feeds.h"

#include <utility>

namespace volumeter {
namespace {

// So many changes during a walk are remembered; beyond, the walk brings no index.
constexpr std::size_t kMaxMeanwhile = 65'536;
constexpr std::size_t kFewOwners = 1024;  // not worth a rebuild

}  // namespace

ChangeFeeds::ChangeFeeds(const HostAccess& host, ChangeLog& log, IndexPool& pool)
    : host_(host), log_(log), pool_(pool) {}

bool ChangeFeeds::watch(TargetMachine& target, std::stop_token stop) {
  const auto known = users_.find(target.id());
  if (known != users_.end()) return known->second.feed->second.feed != nullptr;
  const auto feed = open(target.target(), stop);
  if (feed == feeds_.end()) return false;
  ++feed->second.users;
  users_[target.id()] = {&target, feed, false};
  return feed->second.feed != nullptr;
}

// The end: it is not known whether the filesystem gives a feed, so it is asked again.
ChangeFeeds::Feeds::iterator ChangeFeeds::open(const SizeTarget& target, std::stop_token stop) {
  std::string filesystem = target.filesystem();
  const auto known = feeds_.find(filesystem);
  if (known != feeds_.end()) return known;
  Place place = target.place;
  place.path = target.mount_point;
  auto feed = host_.watch_changes(place, stop);
  if (feed) {
    ++open_;
    return feeds_.emplace(std::move(filesystem), Feed{std::move(feed).value()}).first;
  }
  const ErrorKind kind = feed.error().kind;
  if (kind != ErrorKind::kPermission && kind != ErrorKind::kUnsupported) return feeds_.end();
  log_.info({"change_feed", {{"mountpoint", target.mount_point}}},
            "the filesystem does not report changes; its volumes are walked each time",
            {{"error", feed.error().text()}});
  return feeds_.try_emplace(std::move(filesystem)).first;
}

void ChangeFeeds::remove(const TargetMachine& target) {
  const auto user = users_.find(target.id());
  if (user == users_.end()) return;
  set_collects(user->second, false);
  const auto feed = user->second.feed;
  users_.erase(user);
  if (--feed->second.users > 0) return;
  if (feed->second.feed) --open_;
  feeds_.erase(feed);
}

void ChangeFeeds::drain(const TargetMachine& target) {
  const auto user = users_.find(target.id());
  if (user != users_.end()) drain(user->second.feed->second);
}

void ChangeFeeds::drain_all() {
  for (auto& [filesystem, feed] : feeds_) drain(feed);
  const std::size_t owners = pool_.owners().size();
  if (owners > kFewOwners && owners > 2 * pool_.indexed()) rebuild_owners();
}

void ChangeFeeds::drain(Feed& feed) {
  if (!feed.feed) return;
  const ChangeFeed::Changes changes = feed.feed->drain();
  for (const DirectoryHandle& handle : changes.directories) {
    pool_.owners().find(handle, [&](std::uint32_t id) {
      const auto user = users_.find(id);
      if (user != users_.end()) user->second.target->note_change(handle);
    });
    if (feed.collectors > 0) feed.meanwhile.insert(handle);
  }
  if (!changes.is_complete || feed.meanwhile.size() > kMaxMeanwhile) lose(feed);
}

void ChangeFeeds::lose(Feed& feed) {
  for (auto& [id, user] : users_) {
    if (&user.feed->second == &feed) user.target->lose_feed();
  }
  feed.meanwhile.clear();
}

const DirectoryHandles& ChangeFeeds::meanwhile(const TargetMachine& target) const {
  const auto user = users_.find(target.id());
  return user == users_.end() ? none_ : user->second.feed->second.meanwhile;
}

void ChangeFeeds::update(const TargetMachine& target) {
  const auto user = users_.find(target.id());
  if (user != users_.end()) set_collects(user->second, target.wants_changes());
}

void ChangeFeeds::set_collects(User& user, bool collects) {
  if (user.collects == collects) return;
  user.collects = collects;
  Feed& feed = user.feed->second;
  collects ? ++feed.collectors : --feed.collectors;
  if (feed.collectors == 0) feed.meanwhile.clear();
}

void ChangeFeeds::rebuild_owners() {
  pool_.owners().clear();
  for (auto& [id, user] : users_) user.target->claim_directories();
}

}  // namespace volumeter
