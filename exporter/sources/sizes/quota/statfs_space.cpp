// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/quota/statfs_space.h"

#include <linux/magic.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "exporter/sources/interface/fs_usage.h"

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

// A filesystem that has no fragments may leave f_frsize 0; both are signed.
std::uint64_t unit_of(const struct statfs& said) {
  const auto unit = said.f_frsize != 0 ? said.f_frsize : said.f_bsize;
  return unit > 0 ? static_cast<std::uint64_t>(unit) : 0;
}

}  // namespace

std::optional<SpaceUsage> statfs_space(const struct statfs& said) {
  // overlayfs passes on what the whole filesystem of its upper layer says (ovl_statfs()).
  if (type_of(said) == OVERLAYFS_SUPER_MAGIC) return {};
  // A server without accounts calls all of its space free.
  if (is_on_network(said) && said.f_bfree == said.f_blocks) return {};
  auto usage = to_space_usage(to_fs_usage({.unit = unit_of(said),
                                           .blocks = said.f_blocks,
                                           .blocks_free = said.f_bfree,
                                           .blocks_available = said.f_bavail,
                                           .files = said.f_files,
                                           .files_free = said.f_ffree}));
  if (usage && is_on_network(said)) usage->limit_bytes.reset();
  return usage;
}

}  // namespace volumeter
