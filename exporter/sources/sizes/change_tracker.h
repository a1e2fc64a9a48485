// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/sources/interface/change_feed.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/interface/space_usage.h"
#include "exporter/sources/sizes/changes/directory_index.h"
#include "exporter/sources/sizes/changes/handle_owners.h"
#include "exporter/sources/sizes/size_target.h"

namespace volumeter {

// Knows which directories of which targets changed since they were last looked at: an index
// of each target that was walked, and a change feed of each filesystem that gives one.
// For one thread.
class ChangeTracker {
 public:
  using Handles = std::unordered_set<DirectoryHandle, DirectoryHandleHash>;

  // Indexes of all targets together hold so many directories; what lies beyond is walked
  // each time.
  static constexpr std::size_t kMaxDirectories = 200'000;

  ChangeTracker(const HostAccess& host, ChangeLog& log) : host_(host), log_(log) {}

  // A walk of the target begins. Whether its records are wanted: true if its filesystem tells
  // what changes, which is asked the first time.
  bool begin_walk(const SizeTarget& target, std::stop_token stop);
  void add(const std::string& key, const TreeRecord& record);
  // The walk has ended well and found `space`; from now on the index is kept up. What the index
  // before it had come to, for comparison.
  std::optional<DirectoryIndex::Totals> end_walk(const std::string& key, const SpaceUsage& space);
  // It has not ended well. What was known before it stays, a look that was cut short makes it
  // worthless.
  void drop_walk(const std::string& key);

  // Nothing if there is no index, or so much of it changed that a walk costs no more. Else the
  // directories to look at again, none if nothing changed; they count as looked at.
  std::optional<std::vector<DirectoryHandle>> take_changed(const std::string& key);
  std::vector<DirectoryIndex::Unknown> update(const std::string& key,
                                              std::span<const TreeRecord> records);
  void graft(const std::string& key, std::span<const DirectoryIndex::Unknown> beginnings,
             std::span<const TreeRecord> records);
  // All that update() did not know has been walked.
  void end_look(const std::string& key);
  // Nothing if the index got lost meanwhile.
  std::optional<DirectoryIndex::Totals> totals(const std::string& key) const;

  // The target is gone.
  void forget(const std::string& key);
  // The index is not to be trusted any more; the next measurement is a walk.
  void drop_index(const std::string& key);
  // Handles may not be opened: from now on it is walked each time.
  void refuse(const std::string& key, const Error& error);

  // Closes the feeds of filesystems of which nothing is measured any more.
  void close_unused_feeds();

  // Asks all feeds what changed. To be called once a second.
  void drain();
  bool is_watching() const;
  std::size_t directories() const;  // in all indexes

 private:
  // What is known of one target.
  struct Tree {
    std::uint32_t id = 0;
    std::string filesystem;
    std::optional<DirectoryIndex> index;
    std::optional<DirectoryIndex> next;  // of a walk in progress
    Handles changed;                     // of `index`
    bool is_refused = false;
  };

  // Where one filesystem tells what changes.
  struct Feed {
    std::unique_ptr<ChangeFeed> feed;  // null: it gives none
    // What changed while a walk is in progress, to be looked at after it.
    Handles meanwhile;
  };

  void drain_feeds();
  bool has_feed(const SizeTarget& target, std::stop_token stop);
  void take_in(const std::string& filesystem, Feed& feed, const ChangeFeed::Changes& changes);
  void lose(const std::string& filesystem);
  std::size_t room_beside(const Tree& tree) const;
  void claim(Tree& tree);
  void place_meanwhile(Tree& tree);
  void rebuild_owners();
  bool is_walking(const std::string& filesystem) const;

  const HostAccess& host_;
  ChangeLog& log_;
  std::unordered_map<std::string, Tree> trees_;  // by key
  std::unordered_map<std::uint32_t, std::string> keys_;
  std::map<std::string, Feed> feeds_;           // by SizeTarget::filesystem()
  std::map<std::string, std::string> walking_;  // keys of walks in progress, their filesystems
  HandleOwners owners_;
  std::uint32_t next_id_ = 0;
  std::uint64_t added_ = 0;  // records, by add()
};

}  // namespace volumeter
