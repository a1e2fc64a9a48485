// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/container_view.h"

#include <algorithm>

namespace volumeter {
namespace {

const Mount* root_of(const std::vector<Mount>& mounts) {
  const auto found = std::find_if(mounts.rbegin(), mounts.rend(),
                                  [](const Mount& mount) { return mount.mount_point == "/"; });
  return found == mounts.rend() ? nullptr : &*found;
}

bool is_in_memory(const Mount& mount) {
  return mount.fstype == "tmpfs" || mount.fstype == "ramfs" || mount.fstype == "rootfs";
}

}  // namespace

// A storage driver on a tmpfs (vfs) has its layers in directories of it.
bool shows_container(const std::vector<Mount>& mounts, const MountList& host_mounts) {
  const Mount* root = root_of(mounts);
  if (root == nullptr) return false;
  if (is_in_memory(*root) && root->root == "/") return false;
  const Mount* host = host_mounts.find("/");
  return host == nullptr || host->device != root->device || host->root != root->root;
}

}  // namespace volumeter
