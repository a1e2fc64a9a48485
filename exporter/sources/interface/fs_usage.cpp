// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/interface/fs_usage.h"

namespace volumeter {
namespace {

// The kernel's and FUSE's counts are of 64 bits without a sign; what is negative has the top bit.
bool is_negative(std::uint64_t count) { return count >> 63 != 0; }

std::optional<std::uint64_t> bytes(std::uint64_t blocks, std::uint64_t unit) {
  std::uint64_t product = 0;
  if (is_negative(blocks) || __builtin_mul_overflow(blocks, unit, &product)) return {};
  return product;
}

}  // namespace

FsUsage to_fs_usage(const StatfsCounts& said) {
  FsUsage usage;
  // Without the free ones f_files may be the number of files that exist (CephFS), and is no limit.
  if (!is_negative(said.files) && said.files_free <= said.files) {
    usage.files = said.files;
    usage.files_free = said.files_free;
  }
  // FUSE servers that do not implement statfs(2), and tmpfs without a limit, say 0 of everything.
  if (said.unit == 0 || said.blocks == 0) return usage;
  usage.size_bytes = bytes(said.blocks, said.unit);
  if (said.blocks_free <= said.blocks) usage.free_bytes = bytes(said.blocks_free, said.unit);
  if (is_negative(said.blocks_available)) {
    if (usage.size_bytes) usage.avail_bytes = 0;
  } else if (said.blocks_available <= said.blocks) {
    usage.avail_bytes = bytes(said.blocks_available, said.unit);
  }
  return usage;
}

bool shows_no_inode_limit(const FsUsage& before, const FsUsage& now) {
  return before.files_free == 0 && now.files_free == 0 && before.files > 0 &&
         before.files != now.files;
}

std::optional<SpaceUsage> to_space_usage(const FsUsage& usage) {
  if (!usage.size_bytes || !usage.free_bytes || *usage.size_bytes == 0) return {};
  SpaceUsage space{.method = SizeMethod::kStatfs,
                   .allocated_bytes = *usage.size_bytes - *usage.free_bytes};
  // btrfs and vfat do not limit inodes and say 0 of both.
  if (usage.files > 0 && usage.files_free) space.inodes = usage.files - *usage.files_free;
  space.limit_bytes = usage.size_bytes;
  return space;
}

}  // namespace volumeter
