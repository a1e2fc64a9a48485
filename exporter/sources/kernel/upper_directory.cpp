// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/upper_directory.h"

#include "exporter/sources/kernel/mountinfo.h"
#include "exporter/sources/os/files.h"

namespace volumeter {

std::string read_upper_directory(const HostPaths& paths, std::uint32_t pid) {
  const auto text = read_file(paths.proc(std::to_string(pid) + "/mountinfo"));
  if (!text) return {};
  const MountList mounts(parse_mountinfo(*text).items);
  const Mount* root = mounts.find("/");
  return root == nullptr ? std::string() : root->upper_directory;
}

}  // namespace volumeter
