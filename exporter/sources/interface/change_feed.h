// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "exporter/sources/interface/tree_record.h"

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

}  // namespace volumeter
