// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/walk_job.h"

#include <algorithm>
#include <utility>

namespace volumeter {

WalkJob::WalkJob(const WalkOptions& options, int root, dev_t device)
    : options_(options),
      threads_(std::max(1U, options.threads)),
      entries_(root, device, options.has_mounts_below),
      pool_(threads_) {}

void WalkJob::begin_at(int filesystem, std::span<const DirectoryHandle> beginnings) {
  filesystem_ = filesystem;
  beginnings_ = beginnings;
}

const DirectoryHandle* WalkJob::next_beginning() {
  const std::size_t next = next_beginning_.fetch_add(1, std::memory_order_relaxed);
  return next < beginnings_.size() ? &beginnings_[next] : nullptr;
}

void WalkJob::record(const TreeRecord& record) {
  const std::lock_guard lock(mutex_);
  options_.record(record);
}

void WalkJob::fail(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  pool_.stop();
}

}  // namespace volumeter
