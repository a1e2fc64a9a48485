// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace volumeter {

// Where a question is put to a filesystem, and who answers for it. A path alone identifies
// nothing: each mount namespace has its own, and a mount replaces what was there.
struct Place {
  std::string root;            // directory that `path` is below; empty: the host's root directory
  std::string path;            // absolute, as seen from `root`
  std::uint64_t mount_id = 0;  // of the mount that holds it, as `root`'s mountinfo numbers it;
                               // 0: unknown, and the path stands in for it
  std::string device;          // what fails with it: "254:1", "nfs:10.0.0.5"; empty: unknown
  std::string container;       // whose mount namespace `root` is; empty: the host's
  bool is_local = false;       // on the host's own disks or memory, asked before all others

  bool operator==(const Place&) const = default;
};

}  // namespace volumeter
