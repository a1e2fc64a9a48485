// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "exporter/sources/sizes/changes/handle_owners.h"

namespace volumeter {

// What the directory indexes of all targets share: a limit on the directories that they hold
// together, kept as a running sum, and the table that finds the target of a directory.
class IndexPool {
 public:
  // About 16 MB. What lies beyond is walked each time.
  static constexpr std::size_t kMaxDirectories = 200'000;

  // The part of the limit that one target takes; given back when it ends.
  class Share {
   public:
    explicit Share(IndexPool& pool) : pool_(&pool) {}
    ~Share() { set(0, 0); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Directories in the index that is in use, and in the one that a walk builds.
    void set(std::size_t indexed, std::size_t building) {
      pool_->indexed_ += indexed - indexed_;  // modulo 2^64
      pool_->building_ += building - building_;
      indexed_ = indexed;
      building_ = building;
    }

    // How many directories the target may have beside those of all others.
    std::size_t room() const {
      const std::size_t others = pool_->indexed_ + pool_->building_ - indexed_ - building_;
      return kMaxDirectories - std::min(others, kMaxDirectories);
    }

   private:
    IndexPool* pool_;
    std::size_t indexed_ = 0;
    std::size_t building_ = 0;
  };

  std::size_t indexed() const { return indexed_; }  // directories, without those being built

  HandleOwners& owners() { return owners_; }
  const HandleOwners& owners() const { return owners_; }

 private:
  HandleOwners owners_;
  std::size_t indexed_ = 0;
  std::size_t building_ = 0;
};

}  // namespace volumeter
