// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporter/sources/kernel/mountinfo.h"

// Any text parses; of the mounts it holds each that is listed is found by its mount point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace volumeter;
  auto parsed = parse_mountinfo({reinterpret_cast<const char*>(data), size});
  const MountList list(std::move(parsed.items));
  for (const Mount& mount : list.mounts()) {
    const Mount* found = find_mount(list, mount.mount_point);
    // A mount point that ends in a slash can only be a forgery; paths are looked up without.
    if (found != &mount && !mount.mount_point.ends_with('/')) std::abort();
  }
  return 0;
}
