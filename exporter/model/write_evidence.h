// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exporter/model/snapshot.h"

namespace volumeter {

// Tells into which volumes containers may have written, by I/O counters that moved: those of the
// volume where eBPF counts it, else those of the containers that have it mounted for writing, whatever
// they wrote to.
class WriteEvidence {
 public:
  // The names of volumes with writes since the last call; of the snapshot only the inventory and
  // the counters of containers and mounts are needed.
  std::vector<std::string> look(const HostSnapshot& host);

 private:
  std::map<std::string, std::uint64_t> seen_;  // what the counters of a volume summed up to
};

}  // namespace volumeter
