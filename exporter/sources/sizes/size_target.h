// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/sources/interface/place.h"

namespace volumeter {

// What is to be measured: a volume, the source of a bind mount or a tmpfs in a container.
struct SizeTarget {
  std::string key;  // the volume's name; "bind:/srv/data"; "tmpfs:CONTAINER_NAME:/run"
  Place place;      // no symbolic link leads out of its root; its mount_id names the mount of the
                    // filesystem: what is mounted there anew is another one
  std::string mount_point;  // of the filesystem it lies on, as the host sees it; empty: in no
                            // mount of the host's
  // It is the whole of a filesystem of which nothing else is measured: statfs tells its size.
  bool own_filesystem = false;
  // Something is mounted below `place`, as far as is known: a walk has to look before it asks.
  bool has_mounts_below = true;

  // Names the filesystem; empty if the host has no mount of it.
  std::string filesystem() const {
    return mount_point.empty() ? "" : mount_point + " " + std::to_string(place.mount_id);
  }

  // Whether measuring `other` is measuring the same thing.
  bool is_same_as(const SizeTarget& other) const {
    return key == other.key && place.root == other.place.root && place.path == other.place.path &&
           place.mount_id == other.place.mount_id && mount_point == other.mount_point &&
           own_filesystem == other.own_filesystem;
  }

  bool operator==(const SizeTarget&) const = default;
};

}  // namespace volumeter
