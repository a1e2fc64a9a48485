// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/quota/project_quota.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "exporter/base/unique_fd.h"

namespace volumeter {
namespace {

std::optional<fsxattr> attributes_of(int directory) {
  fsxattr attributes{};
  if (::ioctl(directory, FS_IOC_FSGETXATTR, &attributes) != 0) return {};
  return attributes;
}

std::optional<std::uint64_t> mount_of(int fd) {
  struct statx info {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &info) != 0) return {};
  if ((info.stx_mask & STATX_MNT_ID) == 0) return {};
  return info.stx_mnt_id;
}

// Whether the directory above is seen to be of another project. At the root of a mount nothing
// is seen of it: ".." is then the directory above the mount point.
bool begins_project(int root, std::uint32_t project) {
  const UniqueFd parent(::openat(root, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return false;
  const auto mount = mount_of(root);
  if (!mount || mount != mount_of(parent.get())) return false;
  const auto above = attributes_of(parent.get());
  return above && above->fsx_projid != project;
}

std::optional<if_dqblk> quota_of_project(int fd, std::uint32_t project) {
  if_dqblk quota{};
  const auto command = static_cast<unsigned>(QCMD(Q_GETQUOTA, PRJQUOTA));
  if (::syscall(SYS_quotactl_fd, fd, command, project, &quota) != 0) return {};
  return quota;
}

// In units of 1 KiB, 0 for none. A soft limit becomes a hard one when its time is up.
std::optional<std::uint64_t> limit_of(const if_dqblk& quota) {
  const auto units = quota.dqb_bhardlimit != 0 ? quota.dqb_bhardlimit : quota.dqb_bsoftlimit;
  std::uint64_t bytes = 0;
  if (units == 0 || __builtin_mul_overflow(units, std::uint64_t{QIF_DQBLKSIZE}, &bytes)) return {};
  return bytes;
}

}  // namespace

std::optional<SpaceUsage> to_space_usage(const if_dqblk& quota) {
  if ((quota.dqb_valid & QIF_SPACE) == 0) return {};
  SpaceUsage usage{.method = SizeMethod::kQuota, .allocated_bytes = quota.dqb_curspace};
  if ((quota.dqb_valid & QIF_INODES) != 0) usage.inodes = quota.dqb_curinodes;
  if ((quota.dqb_valid & QIF_BLIMITS) != 0) usage.limit_bytes = limit_of(quota);
  return usage;
}

std::optional<SpaceUsage> project_quota_space(int root) {
  const auto attributes = attributes_of(root);
  // Project 0 is that of all files without one. Without the flag new files get that, too.
  if (!attributes || attributes->fsx_projid == 0) return {};
  if ((attributes->fsx_xflags & FS_XFLAG_PROJINHERIT) == 0) return {};
  if (!begins_project(root, attributes->fsx_projid)) return {};
  const auto quota = quota_of_project(root, attributes->fsx_projid);
  return quota ? to_space_usage(*quota) : std::nullopt;
}

}  // namespace volumeter
