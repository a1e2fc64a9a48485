// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace volumeter::bpf {

// The kernel's functions through which a filesystem's files are read, written and synced; an
// empty name where it has none of its own.
struct FilesystemHooks {
  std::string_view fstype;  // as mountinfo names it
  std::string_view read;    // ssize_t (struct kiocb*, struct iov_iter*)
  std::string_view write;
  std::string_view fsync;         // int (struct file*, loff_t, loff_t, int)
  std::string_view mapped_write;  // vm_fault_t (struct vm_fault*)
  std::string_view splice_read;   // since Linux 6.5; before, splice(2) reads by `read`
  std::string_view splice_write;  // of its own, instead of by `write`
  std::string_view write_before;  // in place of `write` in kernels that do not have that
};

std::span<const FilesystemHooks> filesystem_hooks();

// Null if we do not know that type.
const FilesystemHooks* hooks_of(std::string_view fstype);

}  // namespace volumeter::bpf
