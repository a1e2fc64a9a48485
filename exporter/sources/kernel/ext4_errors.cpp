// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/ext4_errors.h"

#include <algorithm>
#include <string>

#include "exporter/base/fields.h"
#include "exporter/sources/os/files.h"

namespace volumeter {

// Documentation/ABI/testing/sysfs-fs-ext4, /sys/fs/ext4/sda1/errors_count:
//   2
std::optional<std::uint64_t> read_ext4_errors(const HostPaths& paths, std::string_view device) {
  std::string name(device);
  std::replace(name.begin(), name.end(), '/', '!');  // as sysfs names "cciss/c0d0"
  const auto text = read_file(paths.sys("fs/ext4/" + name + "/errors_count"));
  if (!text) return {};
  std::string_view rest = *text;
  return to_integer<std::uint64_t>(next_line(rest));
}

}  // namespace volumeter
