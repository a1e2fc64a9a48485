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
  // What the processes of each container wrote, by index in the inventory; nothing: unknown.
  using ProcessWrites = std::vector<std::optional<std::uint64_t>>;

  // The names of volumes with writes since the last call; of the snapshot only the inventory and
  // the counters of containers and mounts are needed.
  std::vector<std::string> look(const HostSnapshot& host, const ProcessWrites& processes);

 private:
  // Of a volume. Each kind alone: what one loses when a process ends must not hide another.
  struct Sums {
    std::uint64_t counted = 0;
    std::uint64_t cgroups = 0;
    std::uint64_t processes = 0;

    bool is_beyond(const Sums& before) const {
      return counted > before.counted || cgroups > before.cgroups || processes > before.processes;
    }
  };

  std::map<std::string, Sums> seen_;  // by name
};

// Whether a look needs to know of processes: not where eBPF counts all volumes.
bool needs_process_writes(const HostSnapshot& host);

}  // namespace volumeter
