// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

// The most important first.
constexpr std::array<CapabilityUse, 6> kUses{{
    {Capability::kDacReadSearch, "CAP_DAC_READ_SEARCH",
     "sizes of directories that only their owner may read"},
    {Capability::kSysPtrace, "CAP_SYS_PTRACE",
     "tmpfs mounts in containers, and container processes hidden by hidepid"},
    {Capability::kSysAdmin, "CAP_SYS_ADMIN",
     "project quotas, btrfs quota groups, change tracking by fanotify, and I/O on filesystems "
     "built as kernel modules"},
    {Capability::kBpf, "CAP_BPF", "I/O per volume and device latency by eBPF"},
    {Capability::kPerfmon, "CAP_PERFMON", "I/O per volume and device latency by eBPF"},
    {Capability::kFowner, "CAP_FOWNER",
     "scans that do not update access times of directories of other users"},
}};

// The capability sets of a thread, see capget(2).
struct ThreadCapabilities {
  CapabilitySet effective;
  CapabilitySet permitted;
  CapabilitySet inheritable;
};

using Records = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

// The 64 bits of a set, which the kernel splits over two records.
CapabilitySet joined(const Records& records, __u32 __user_cap_data_struct::*which) {
  return CapabilitySet(records[0].*which | (std::uint64_t{records[1].*which} << 32));
}

void split(CapabilitySet set, Records& records, __u32 __user_cap_data_struct::*which) {
  records[0].*which = static_cast<__u32>(set.bits());
  records[1].*which = static_cast<__u32>(set.bits() >> 32);
}

ThreadCapabilities read_own() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Records records{};
  if (::syscall(SYS_capget, &header, records.data()) != 0) return {};
  return {joined(records, &__user_cap_data_struct::effective),
          joined(records, &__user_cap_data_struct::permitted),
          joined(records, &__user_cap_data_struct::inheritable)};
}

bool write_own(const ThreadCapabilities& own) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Records records{};
  split(own.effective, records, &__user_cap_data_struct::effective);
  split(own.permitted, records, &__user_cap_data_struct::permitted);
  split(own.inheritable, records, &__user_cap_data_struct::inheritable);
  return ::syscall(SYS_capset, &header, records.data()) == 0;
}

bool is_known_to_kernel(unsigned capability) {
  return ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
}

// Reduces the bounding set, which needs CAP_SETPCAP. Without it the set is unchanged, which is
// harmless for a process with no_new_privs.
void limit_bounding_set(CapabilitySet kept) {
  for (unsigned number = 0; is_known_to_kernel(number); ++number) {
    if (!kept.has(static_cast<Capability>(number))) ::prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  }
}

}  // namespace

std::vector<CapabilityUse> missing_capabilities(CapabilitySet had) {
  std::vector<CapabilityUse> missing;
  std::copy_if(kUses.begin(), kUses.end(), std::back_inserter(missing),
               [&](const CapabilityUse& use) {
                 return !had.has(use.capability) &&
                        is_known_to_kernel(static_cast<unsigned>(use.capability));
               });
  return missing;
}

CapabilitySet permitted_capabilities() { return read_own().permitted; }

Result<> keep_only(CapabilitySet effective, CapabilitySet on_demand) {
  const CapabilitySet had = permitted_capabilities();
  const CapabilitySet kept = had & CapabilitySet(effective.bits() | on_demand.bits());
  limit_bounding_set(kept);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return from_errno("prctl(PR_SET_NO_NEW_PRIVS)", errno);
  }
  if (!write_own({.effective = kept & effective, .permitted = kept, .inheritable = {}})) {
    return from_errno("capset", errno);
  }
  return Nothing{};
}

WithCapability::WithCapability(Capability capability) : capability_(capability) {
  ThreadCapabilities own = read_own();
  if (own.effective.has(capability) || !own.permitted.has(capability)) return;
  own.effective.add(capability);
  was_raised_ = write_own(own);
}

WithCapability::~WithCapability() {
  if (!was_raised_) return;
  ThreadCapabilities own = read_own();
  own.effective.remove(capability_);
  write_own(own);
}

bool belongs_to_another(const std::string& path) {
  std::string nearest = path;
  struct stat info {};
  while (::stat(nearest.c_str(), &info) != 0) {
    const auto slash = nearest.find_last_of('/');
    if (slash == std::string::npos || nearest == "/") return false;
    nearest.resize(std::max<std::size_t>(slash, 1));
  }
  return info.st_uid != ::geteuid();
}

}  // namespace volumeter
