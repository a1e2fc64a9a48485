// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/quota/space_accounting.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include "exporter/sources/sizes/quota/btrfs_qgroup.h"
#include "exporter/sources/sizes/quota/project_quota.h"
#include "exporter/sources/sizes/quota/statfs_space.h"

namespace volumeter {

std::optional<SpaceUsage> accounted_space(int root, bool own_filesystem) {
  struct statfs said {};
  if (::fstatfs(root, &said) != 0) return {};
  if (own_filesystem) {
    if (auto usage = statfs_space(said)) return usage;
  }
  if (said.f_type == BTRFS_SUPER_MAGIC) return qgroup_space(root);
  return project_quota_space(root);
}

}  // namespace volumeter
