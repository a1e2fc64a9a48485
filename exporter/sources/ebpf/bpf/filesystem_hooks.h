// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace volumeter::bpf {

// The kernel functions for reading, writing and syncing files of a filesystem; empty if it has none
// of its own.
struct FilesystemHooks {
  std::string_view fstype;  // as in mountinfo
  std::string_view read;    // ssize_t (struct kiocb*, struct iov_iter*)
  std::string_view write;
  std::string_view fsync;         // int (struct file*, loff_t, loff_t, int)
  std::string_view mapped_write;  // vm_fault_t (struct vm_fault*)
  std::string_view splice_read;   // since Linux 6.5; splice(2) used `read` before
  std::string_view splice_write;  // if it does not use `write`
  std::string_view write_before;  // used if the kernel has no `write`
};

std::span<const FilesystemHooks> filesystem_hooks();

// Null for an unsupported type.
const FilesystemHooks* hooks_of(std::string_view fstype);

}  // namespace volumeter::bpf
