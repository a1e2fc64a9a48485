// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/interface/tree_record.h"

#include <cstring>

namespace volumeter {
namespace {

// Handles of neighbours differ in a few low bits: each word is spread over the whole sum
// (the multipliers are the golden ratio and the one of the finalizer of MurmurHash3).
std::uint64_t mix(std::uint64_t sum, std::uint64_t word) {
  sum = (sum ^ word) * 0x9e3779b97f4a7c15U;
  sum = (sum ^ (sum >> 32)) * 0xff51afd7ed558ccdU;
  return sum ^ (sum >> 32);
}

std::uint64_t word_at(const DirectoryHandle& handle, std::size_t offset, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, handle.bytes.data() + offset, size);
  return word;
}

}  // namespace

std::size_t DirectoryHandleHash::operator()(const DirectoryHandle& handle) const noexcept {
  static_assert(DirectoryHandle::kMaxBytes == 20);
  std::uint64_t sum = (std::uint64_t{handle.size} << 32) | static_cast<std::uint32_t>(handle.type);
  sum = mix(sum, word_at(handle, 0, 8));
  if (handle.size > 8) sum = mix(mix(sum, word_at(handle, 8, 8)), word_at(handle, 16, 4));
  return sum;
}

}  // namespace volumeter
