// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/interface/fs_usage.h"

namespace volumeter {
namespace {

// The kernel's and FUSE's counts are of 64 bits without a sign; what is negative has the top bit.
bool is_negative(std::uint64_t count) { return count >> 63 != 0; }

std::optional<std::uint64_t> bytes(std::uint64_t blocks, std::uint64_t unit) {
  std::uint64_t product = 0;
  if (is_negative(blocks) || __builtin_mul_overflow(blocks, unit, &product)) return {};
  return product;
}

}  // namespace

FsUsage to_fs_usage(const StatfsCounts& said) {
  FsUsage usage;
  usage.size_bytes = bytes(said.blocks, said.unit);
  if (said.blocks_free <= said.blocks) usage.free_bytes = bytes(said.blocks_free, said.unit);
  if (is_negative(said.blocks_available)) {
    usage.avail_bytes = 0;
  } else if (said.blocks_available <= said.blocks) {
    usage.avail_bytes = bytes(said.blocks_available, said.unit);
  }
  if (is_negative(said.files)) return usage;
  usage.files = said.files;
  if (said.files_free <= said.files) usage.files_free = said.files_free;
  return usage;
}

}  // namespace volumeter
