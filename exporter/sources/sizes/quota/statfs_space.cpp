// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/quota/statfs_space.h"

#include <linux/magic.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace volumeter {
namespace {

constexpr std::array<std::uint32_t, 8> kNetworkTypes{
    NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC,
    CEPH_SUPER_MAGIC, AFS_SUPER_MAGIC, V9FS_MAGIC,       FUSE_SUPER_MAGIC};

// The filesystem's type (statfs(2)) is 32 bits wide, whatever the field.
std::uint32_t type_of(const struct statfs& said) { return static_cast<std::uint32_t>(said.f_type); }

bool is_on_network(const struct statfs& said) {
  return std::find(kNetworkTypes.begin(), kNetworkTypes.end(), type_of(said)) !=
         kNetworkTypes.end();
}

std::optional<std::uint64_t> to_bytes(std::uint64_t blocks, const struct statfs& said) {
  // A filesystem that has no fragments may leave f_frsize 0; both are signed.
  const auto unit = said.f_frsize != 0 ? said.f_frsize : said.f_bsize;
  std::uint64_t bytes = 0;
  if (unit <= 0 || __builtin_mul_overflow(blocks, static_cast<std::uint64_t>(unit), &bytes)) {
    return {};
  }
  return bytes;
}

}  // namespace

std::optional<SpaceUsage> statfs_space(const struct statfs& said) {
  // overlayfs passes on what the whole filesystem of its upper layer says (ovl_statfs()).
  if (type_of(said) == OVERLAYFS_SUPER_MAGIC) return {};
  if (said.f_blocks == 0 || said.f_bfree > said.f_blocks) return {};
  // A server without accounts calls all of its space free.
  if (is_on_network(said) && said.f_bfree == said.f_blocks) return {};
  const auto size = to_bytes(said.f_blocks, said);
  const auto allocated = to_bytes(said.f_blocks - said.f_bfree, said);
  if (!size || !allocated) return {};
  SpaceUsage usage{.method = SizeMethod::kStatfs, .allocated_bytes = *allocated};
  // btrfs and vfat do not limit inodes and say 0 of both.
  if (said.f_files > 0 && said.f_ffree <= said.f_files) {
    usage.inodes = said.f_files - said.f_ffree;
  }
  if (!is_on_network(said)) usage.limit_bytes = size;
  return usage;
}

}  // namespace volumeter
