// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/trees/tree_record.h"

namespace volumeter {

// The directories of one filesystem in which something was created, removed, renamed,
// closed after writing, or changed its attributes. Writes through a file that stays open
// and through mmap are not seen, nor is truncate(2), which opens none, nor what a second name of
// a file does to the directory of its first; and nothing more once the filesystem was
// unmounted everywhere. Abstract so that tests can have one of their own.
class ChangeFeed {
 public:
  // What came in one piece.
  struct Changes {
    std::vector<DirectoryHandle> directories;  // each once
    bool is_complete = true;  // false: the kernel dropped some (overflow), or named one badly
  };

  virtual ~ChangeFeed() = default;

  // What came since the last time; never waits. Reading seldom (once a second) is what makes
  // it cheap for the writers: the kernel merges equal events meanwhile.
  virtual Changes drain() = 0;
};

// A fanotify(7) group that watches the filesystem of the open directory `root`. kPermission
// without CAP_SYS_ADMIN, kUnsupported where the kernel or the filesystem cannot do it.
// Blocks for as long as the filesystem does.
Result<UniqueFd> open_change_feed(int root);

// Takes over a descriptor of open_change_feed().
std::unique_ptr<ChangeFeed> make_change_feed(UniqueFd fanotify);

// One buffer read from such a descriptor. Total: an event that makes no sense costs itself,
// and what follows a wrong length.
ChangeFeed::Changes parse_fanotify_events(std::string_view buffer, std::uint64_t& bad_events);

}  // namespace volumeter
