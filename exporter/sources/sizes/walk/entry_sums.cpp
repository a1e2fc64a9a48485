// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/entry_sums.h"

#include <algorithm>

#include "exporter/base/saturating.h"

namespace volumeter {
namespace {

constexpr std::uint64_t kBlockBytes = 512;  // the unit of st_blocks on Linux

}  // namespace

std::optional<WallTime> modified_at(const struct stat& info) {
  constexpr std::int64_t kMaxSeconds = 9'000'000'000;
  const timespec& time = info.st_mtim;
  if (time.tv_sec > kMaxSeconds || time.tv_sec < -kMaxSeconds) return {};
  return WallTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

std::uint64_t apparent_bytes_of(const struct stat& info) {
  return static_cast<std::uint64_t>(std::max<off_t>(info.st_size, 0));
}

std::uint64_t allocated_bytes_of(const struct stat& info) {
  return saturating_multiply(static_cast<std::uint64_t>(std::max<blkcnt_t>(info.st_blocks, 0)),
                             kBlockBytes);
}

EntrySums::EntrySums(WallTime now) {
  std::transform(TreeContents::kAgeDays.begin(), TreeContents::kAgeDays.end(), old_before_.begin(),
                 [now](int days) { return now - std::chrono::hours(24) * days; });
}

void EntrySums::add(const struct stat& info) {
  const std::uint64_t allocated = allocated_bytes_of(info);
  apparent_bytes_ = saturating_add(apparent_bytes_, apparent_bytes_of(info));
  allocated_bytes_ = saturating_add(allocated_bytes_, allocated);
  ++inodes_;
  add_kind(info);
  if (const auto modified = modified_at(info)) add_age(*modified, allocated);
}

void EntrySums::add_kind(const struct stat& info) {
  if (S_ISREG(info.st_mode)) {
    ++contents_.files;
    if ((info.st_mode & S_ISUID) != 0) ++contents_.setuid_files;
    contents_.largest_file_bytes = std::max(contents_.largest_file_bytes, apparent_bytes_of(info));
  } else if (S_ISDIR(info.st_mode)) {
    ++contents_.directories;
  } else if (S_ISLNK(info.st_mode)) {
    ++contents_.symlinks;
  } else {
    ++contents_.others;
    if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) ++contents_.device_nodes;
  }
}

void EntrySums::add_age(WallTime modified, std::uint64_t allocated) {
  if (!last_modified_ || modified > *last_modified_) last_modified_ = modified;
  for (std::size_t i = 0; i < old_before_.size() && modified <= old_before_[i]; ++i) {
    contents_.old_bytes[i] = saturating_add(contents_.old_bytes[i], allocated);
  }
}

void EntrySums::add(const EntrySums& other) {
  apparent_bytes_ = saturating_add(apparent_bytes_, other.apparent_bytes_);
  allocated_bytes_ = saturating_add(allocated_bytes_, other.allocated_bytes_);
  inodes_ += other.inodes_;
  errors_ += other.errors_;
  if (other.last_modified_) {
    last_modified_ =
        std::max(last_modified_.value_or(*other.last_modified_), *other.last_modified_);
  }
  contents_.files += other.contents_.files;
  contents_.directories += other.contents_.directories;
  contents_.symlinks += other.contents_.symlinks;
  contents_.others += other.contents_.others;
  contents_.device_nodes += other.contents_.device_nodes;
  contents_.setuid_files += other.contents_.setuid_files;
  contents_.largest_file_bytes =
      std::max(contents_.largest_file_bytes, other.contents_.largest_file_bytes);
  for (std::size_t i = 0; i < old_before_.size(); ++i) {
    contents_.old_bytes[i] = saturating_add(contents_.old_bytes[i], other.contents_.old_bytes[i]);
  }
}

SpaceUsage EntrySums::usage() const {
  SpaceUsage usage;
  usage.method = SizeMethod::kWalk;
  usage.apparent_bytes = apparent_bytes_;
  usage.allocated_bytes = allocated_bytes_;
  usage.inodes = inodes_;
  usage.errors = errors_;
  usage.last_modified = last_modified_;
  usage.contents = contents_;
  return usage;
}

}  // namespace volumeter
