// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <malloc.h>

#include <cerrno>
#include <memory>
#include <string>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/os/files.h"

namespace volumeter::bpf {

// Programs as bpftool wraps them for C; unloaded at the end.
template <typename Programs>
using Skeleton = std::unique_ptr<Programs, void (*)(Programs*)>;

struct CloseLink {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

// A program that runs in the kernel as long as this lives, also without its Skeleton.
using Link = std::unique_ptr<bpf_link, CloseLink>;

// The map, open also without its Skeleton.
inline UniqueFd duplicate(const bpf_map* map) {
  return UniqueFd(::fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0));
}

// To load a program libbpf reads all types of the kernel: megabytes that nobody needs again. To be
// made before the Skeleton, so that it ends after it.
struct GiveBackMemory {
  GiveBackMemory() = default;
  GiveBackMemory(const GiveBackMemory&) = delete;
  ~GiveBackMemory() { ::malloc_trim(0); }
};

// libbpf would write the verifier's whole story to standard error; what matters comes as errno.
inline void be_quiet() { libbpf_set_print(nullptr); }

inline Error failure(const std::string& what, int number) {
  Error error = from_errno("eBPF: " + what, number);
  // libbpf's words for a kernel without BTF, or with types that we do not understand.
  if (number == ESRCH || number == EINVAL || number == ENOENT) {
    error.kind = ErrorKind::kUnsupported;
  }
  return error;
}

}  // namespace volumeter::bpf
