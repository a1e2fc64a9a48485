// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/cgroup/process_writes.h"

#include <set>
#include <string>

#include "exporter/base/fields.h"
#include "exporter/sources/cgroup/cgroup_paths.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::size_t kMaxProcesses = 256;
constexpr std::size_t kMaxFileBytes = 1 << 20;

// The processes of the container's cgroup, children of it left out, and its first one.
std::set<std::uint32_t> processes_of(const HostPaths& paths, const MountList& mounts,
                                     const ContainerProcess& container) {
  std::set<std::uint32_t> processes{container.pid};
  const auto text = read_file(paths.proc(std::to_string(container.pid) + "/cgroup"), kMaxFileBytes);
  if (!text) return processes;
  const auto folders = find_cgroup_folders(paths, find_cgroup_mounts(mounts),
                                           parse_cgroup_memberships(*text).items, container.id);
  const auto members =
      folders ? read_file(folders->counters + "/cgroup.procs", kMaxFileBytes) : folders.error();
  if (!members) return processes;
  for (std::string_view rest = *members; !rest.empty() && processes.size() < kMaxProcesses;) {
    // 0 stands for a process of another PID namespace.
    if (const auto pid = to_integer<std::uint32_t>(next_line(rest)); pid && *pid != 0) {
      processes.insert(*pid);
    }
  }
  return processes;
}

}  // namespace

// Documentation/filesystems/proc.rst, 3.3: written when a page becomes dirty, cancelled when a dirty
// one is truncated.
//   rchar: 323934931
//   wchar: 323929600
//   syscr: 632687
//   syscw: 632675
//   read_bytes: 0
//   write_bytes: 323932160
//   cancelled_write_bytes: 0
std::optional<std::uint64_t> parse_process_io(std::string_view text) {
  std::optional<std::uint64_t> sum;
  while (!text.empty()) {
    std::string_view value = next_line(text);
    const std::string_view name = cut(value, ':');
    if (name != "write_bytes" && name != "cancelled_write_bytes") continue;
    // It counts up and never back: what passes 64 bits starts over, as in the kernel.
    if (const auto bytes = to_integer<std::uint64_t>(trim(value))) sum = sum.value_or(0) + *bytes;
  }
  return sum;
}

std::optional<std::uint64_t> read_process_writes(const HostPaths& paths, const MountList& mounts,
                                                 const ContainerProcess& container) {
  std::optional<std::uint64_t> sum;
  for (const std::uint32_t pid : processes_of(paths, mounts, container)) {
    const auto text = read_file(paths.proc(std::to_string(pid) + "/io"));
    const auto bytes = text ? parse_process_io(*text) : std::nullopt;
    if (bytes) sum = sum.value_or(0) + *bytes;
  }
  return sum;
}

}  // namespace volumeter
