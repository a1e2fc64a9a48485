// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/libbpf.h>

#include <cerrno>
#include <memory>
#include <string>

#include "exporter/base/result.h"
#include "exporter/sources/files.h"

namespace volumeter::bpf {

// Programs as bpftool wraps them for C; unloaded at the end.
template <typename Programs>
using Skeleton = std::unique_ptr<Programs, void (*)(Programs*)>;

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
