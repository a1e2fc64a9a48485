// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "exporter/model/snapshot.h"
#include "exporter/model/write_evidence.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// Finds out at intervals which volumes' containers have written; reads the I/O counters of their
// processes where nothing better is known.
class WriteLookout {
 public:
  // `host` must outlive it. `pause` is between two looks.
  WriteLookout(const HostAccess& host, std::chrono::nanoseconds pause);

  // Whether the pause is over; if so, the next one begins.
  bool is_due();

  // The names of volumes with writes since the last look; of the snapshot only the inventory and the
  // counters of containers and mounts are needed.
  std::vector<std::string> look(const HostSnapshot& host, const MountList& mounts);

 private:
  WriteEvidence::ProcessWrites read_processes(const Inventory& inventory,
                                              const MountList& mounts) const;

  const HostAccess& host_;
  const std::chrono::nanoseconds pause_;
  SteadyTime next_{};
  WriteEvidence evidence_;
};

}  // namespace volumeter
