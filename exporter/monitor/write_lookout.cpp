// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/write_lookout.h"

#include "exporter/sources/cgroup/process_writes.h"

namespace volumeter {

WriteLookout::WriteLookout(const HostAccess& host, std::chrono::nanoseconds pause)
    : host_(host), pause_(pause) {}

bool WriteLookout::is_due() {
  const SteadyTime now = host_.steady_now();
  if (now < next_) return false;
  next_ = now + pause_;
  return true;
}

std::vector<std::string> WriteLookout::look(const HostSnapshot& host, const MountList& mounts) {
  WriteEvidence::ProcessWrites processes;
  if (needs_process_writes(host)) processes = read_processes(*host.inventory, mounts);
  return evidence_.look(host, processes);
}

WriteEvidence::ProcessWrites WriteLookout::read_processes(const Inventory& inventory,
                                                          const MountList& mounts) const {
  WriteEvidence::ProcessWrites writes(inventory.containers.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const ContainerFacts& container = inventory.containers[i];
    if (!container.pid) continue;
    writes[i] = read_process_writes(host_.paths, mounts, {container.id.escaped(), *container.pid});
  }
  return writes;
}

}  // namespace volumeter
