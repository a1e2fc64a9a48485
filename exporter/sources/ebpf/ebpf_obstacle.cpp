// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/ebpf_obstacle.h"

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

// "none [integrity] confidentiality": security/lockdown/lockdown.c puts the current level in
// brackets.
bool is_locked_down(const HostPaths& paths) {
  const auto text = read_file(paths.sys("kernel/security/lockdown"));
  return text && text->find("[none]") == std::string::npos && text->find('[') != std::string::npos;
}

// The file has megabytes; its first byte is enough.
bool has_types(const HostPaths& paths) {
  const auto text = read_file(paths.sys("kernel/btf/vmlinux"), 1);
  return text || text.error().kind == ErrorKind::kMalformed;
}

}  // namespace

std::string ebpf_obstacle(const HostPaths& paths, std::string_view refused) {
  const std::string why(refused);
  if (why.find("built without") != std::string::npos) {
    return "build with libbpf-dev, clang and bpftool installed";
  }
  if (is_locked_down(paths)) {
    return "this kernel is locked down (Secure Boot, lockdown=) and denies tracing";
  }
  if (why.find("ermi") != std::string::npos) {  // "Operation not permitted", "Permission denied"
    return "run as root or with CAP_BPF and CAP_PERFMON; if it has them, the kernel may be locked "
           "down (lockdown=)";
  }
  if (!has_types(paths)) {
    return "this kernel has no BTF; needs CONFIG_DEBUG_INFO_BTF";
  }
  return "needs Linux 5.13 or later with CONFIG_BPF_SYSCALL, CONFIG_FUNCTION_TRACER and "
         "CONFIG_DEBUG_INFO_BTF";
}

}  // namespace volumeter
