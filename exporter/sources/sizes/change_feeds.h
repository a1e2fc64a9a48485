// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "exporter/base/change_log.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/sizes/changes/index_pool.h"
#include "exporter/sources/sizes/target_machine.h"

namespace volumeter {

// The change feeds of the filesystems that give one. Reads them and passes each directory that
// changed to the targets that may hold it. For one thread.
class ChangeFeeds {
 public:
  // All must outlive it.
  ChangeFeeds(const HostAccess& host, ChangeLog& log, IndexPool& pool);

  // Whether the filesystem of the target has a feed; opened the first time. From now on the target
  // is told of changes, until remove().
  bool watch(TargetMachine& target, std::stop_token stop);
  // Closes the feed if no other target uses it.
  void remove(const TargetMachine& target);

  // Reads the feed of the target's filesystem.
  void drain(const TargetMachine& target);
  // Reads all feeds. To be called once a second.
  void drain_all();

  // Directories of the target's filesystem that changed while any target there wants_changes().
  const DirectoryHandles& meanwhile(const TargetMachine& target) const;
  // Looks at wants_changes(): to be called when that may have changed.
  void update(const TargetMachine& target);

  bool is_any_open() const { return open_ > 0; }

 private:
  // A filesystem.
  struct Feed {
    std::unique_ptr<ChangeFeed> feed;  // null: it gives none
    std::size_t users = 0;             // targets
    std::size_t collectors = 0;        // targets that want meanwhile
    DirectoryHandles meanwhile;
  };

  using Feeds = std::map<std::string, Feed>;  // by SizeTarget::filesystem()

  // A target that uses a feed.
  struct User {
    TargetMachine* target = nullptr;
    Feeds::iterator feed;
    bool collects = false;
  };

  Feeds::iterator open(const SizeTarget& target, std::stop_token stop);
  void drain(Feed& feed);
  void lose(Feed& feed);
  static void set_collects(User& user, bool collects);
  void rebuild_owners();

  const HostAccess& host_;
  ChangeLog& log_;
  IndexPool& pool_;
  Feeds feeds_;
  std::unordered_map<std::uint32_t, User> users_;  // by TargetMachine::id()
  std::size_t open_ = 0;                           // feeds
  const DirectoryHandles none_;
};

}  // namespace volumeter
