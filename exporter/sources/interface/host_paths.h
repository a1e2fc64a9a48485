// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace volumeter {

// Where the host's files are seen from here. In a container the host's /proc, /sys and /
// are mounted elsewhere; in a test a folder stands in for all three.
struct HostPaths {
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  std::string rootfs = "/";

  std::string proc(std::string_view file) const { return procfs + "/" + std::string(file); }
  std::string sys(std::string_view file) const { return sysfs + "/" + std::string(file); }
};

}  // namespace volumeter
