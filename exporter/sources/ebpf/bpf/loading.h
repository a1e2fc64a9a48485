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

// A bpftool skeleton; the destructor unloads it.
template <typename Programs>
using Skeleton = std::unique_ptr<Programs, void (*)(Programs*)>;

struct CloseLink {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

// Keeps a program attached, even without its Skeleton.
using Link = std::unique_ptr<bpf_link, CloseLink>;

// Keeps a map open, even without its Skeleton.
inline UniqueFd duplicate(const bpf_map* map) {
  return UniqueFd(::fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0));
}

// Returns the memory of loading to the kernel: libbpf reads all kernel types, which takes megabytes.
// Declare it before the Skeleton, so that it is destroyed after it.
struct GiveBackMemory {
  GiveBackMemory() = default;
  GiveBackMemory(const GiveBackMemory&) = delete;
  ~GiveBackMemory() { ::malloc_trim(0); }
};

// libbpf would print the verifier log to stderr; errno is enough.
inline void be_quiet() { libbpf_set_print(nullptr); }

inline Error failure(const std::string& what, int number) {
  Error error = from_errno("eBPF: " + what, number);
  // How libbpf reports a kernel without BTF or with unsupported types.
  if (number == ESRCH || number == EINVAL || number == ENOENT) {
    error.kind = ErrorKind::kUnsupported;
  }
  return error;
}

}  // namespace volumeter::bpf
