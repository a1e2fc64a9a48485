// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/ebpf_obstacle.h"

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

// "none integrity [confidentiality]": security/lockdown/lockdown.c puts the current level in brackets.
// Integrity, the level of Secure Boot, forbids bpf(2) to write to user memory and nothing else;
// reading the kernel's memory, kprobes and tracefs are forbidden by confidentiality alone (enum
// lockdown_reason in include/linux/security.h).
bool is_confidential(const HostPaths& paths) {
  const auto text = read_file(paths.sys("kernel/security/lockdown"));
  return text && text->find("[confidentiality]") != std::string::npos;
}

// The file has megabytes; its first byte is enough.
bool has_types(const HostPaths& paths) {
  const auto text = read_file(paths.sys("kernel/btf/vmlinux"), 1);
  return text || text.error().kind == ErrorKind::kMalformed;
}

std::string denial(const HostPaths& paths, CapabilitySet permitted) {
  const bool may = permitted.has(Capability::kBpf) && permitted.has(Capability::kPerfmon);
  if (is_confidential(paths)) {
    return std::string("this kernel is locked down (lockdown=confidentiality) and denies tracing") +
           (may ? "" : "; CAP_BPF and CAP_PERFMON are missing as well");
  }
  if (!may) return "run as root or with CAP_BPF and CAP_PERFMON";
  return "CAP_BPF and CAP_PERFMON are there: allow bpf(2) and perf_event_open(2) in the seccomp "
         "profile and the security module (AppArmor, SELinux); a kernel with "
         "lockdown=confidentiality denies them too";
}

}  // namespace

std::string ebpf_obstacle(const HostPaths& paths, std::string_view refused,
                          CapabilitySet permitted) {
  const auto says = [&](std::string_view part) { return refused.find(part) != refused.npos; };
  if (says("built without")) return "build with libbpf-dev, clang and bpftool installed";
  if (says("oo many open files")) return "raise the limit on open files (LimitNOFILE=, ulimit -n)";
  if (says("annot allocate memory")) return "raise the memory limit of this service";
  if (says("ermi")) return denial(paths, permitted);  // "not permitted", "Permission denied"
  if (!has_types(paths)) return "this kernel has no BTF; needs CONFIG_DEBUG_INFO_BTF";
  return "needs Linux 5.13 or later with CONFIG_BPF_SYSCALL, CONFIG_FUNCTION_TRACER and "
         "CONFIG_DEBUG_INFO_BTF";
}

}  // namespace volumeter
