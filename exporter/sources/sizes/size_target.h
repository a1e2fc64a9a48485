// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace volumeter {

// What is to be measured: a volume, the source of a bind mount or a tmpfs in a container.
struct SizeTarget {
  std::string key;          // the volume's name; "bind:/srv/data"; "tmpfs:CONTAINER_NAME:/run"
  std::string root;         // directory from which `path` counts; empty: the host's root directory
  std::string path;         // no symbolic link leads out of `root`
  std::string mount_point;  // of the filesystem it lies on, as the host sees it; empty: in no
                            // mount of the host's
  std::uint64_t mount_id = 0;  // of that mount: what is mounted there anew is another filesystem
  // It is the whole of a filesystem of which nothing else is measured: statfs tells its size.
  bool own_filesystem = false;

  // Names the filesystem; empty if the host has no mount of it.
  std::string filesystem() const {
    return mount_point.empty() ? "" : mount_point + " " + std::to_string(mount_id);
  }

  bool operator==(const SizeTarget&) const = default;
};

}  // namespace volumeter
