// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/sources/cgroup/cgroup_paths.h"

namespace {

constexpr std::string_view kId = "4f5c0b3f6d2e";

// Of the container, and without a way out of the mount.
bool is_safe(const std::string& folder) {
  return folder.starts_with("/sys/fs/cgroup/") && folder.find(kId) != std::string::npos &&
         folder.find("/../") == std::string::npos && !folder.ends_with("/..");
}

}  // namespace

// A process's cgroups and, after a NUL, the host's mounts: the folders that are found lie below
// the mount points and belong to the container.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace volumeter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\0');
  const auto memberships = parse_cgroup_memberships(text.substr(0, end));
  if (end != std::string_view::npos) {
    const MountList list(parse_mountinfo(text.substr(end + 1)).items);
    const auto found = find_cgroup_folders({}, find_cgroup_mounts(list), memberships.items, kId);
    if (found && found->counters.empty()) std::abort();
  }
  const CgroupMounts mounts{CgroupMount{"/", "/sys/fs/cgroup"},
                            CgroupMount{"/a", "/sys/fs/cgroup/blkio"}};
  const auto folders = find_cgroup_folders({}, mounts, memberships.items, kId);
  if (!folders) return 0;
  if (!is_safe(folders->counters)) std::abort();
  if (folders->pressure && !is_safe(*folders->pressure)) std::abort();
  return 0;
}
