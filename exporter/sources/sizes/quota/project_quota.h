// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/quota.h>

#include <optional>

#include "exporter/sources/interface/space_usage.h"

namespace volumeter {

// The space of the project that the open directory `root` and all below it belong to, as ext4
// and xfs count it: with other directories that were put into the same project, if there are
// any. Nothing if `root` has no project, shares it with its parent, or quota is
// off, refused (it needs CAP_SYS_ADMIN) or older than quotactl_fd(2) (Linux 5.14).
std::optional<SpaceUsage> project_quota_space(int root);

// The same from the answer of Q_GETQUOTA (quotactl(2)).
std::optional<SpaceUsage> to_space_usage(const if_dqblk& quota);

}  // namespace volumeter
