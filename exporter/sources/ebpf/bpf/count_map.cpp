// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/bpf/count_map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "exporter/sources/ebpf/bpf/shared.h"
#include "exporter/sources/os/files.h"

namespace volumeter::bpf {

static_assert(kLatencyBuckets == IO_BUCKETS && kFirstLatencyBucket == IO_FIRST_BUCKET);
static_assert(kIoErrors == IO_ERRORS);
static_assert(static_cast<std::size_t>(IoError::kEio) == IO_EIO &&
              static_cast<std::size_t>(IoError::kEnospc) == IO_ENOSPC &&
              static_cast<std::size_t>(IoError::kErofs) == IO_EROFS &&
              static_cast<std::size_t>(IoError::kEdquot) == IO_EDQUOT &&
              static_cast<std::size_t>(IoError::kOther) == IO_OTHER);
namespace {

// Small enough for the CPU cache and for malloc(3) to reuse: a fresh page from the kernel costs more
// than reading the counts that fit in it.
constexpr std::size_t kBatchBytes = 96 << 10;
// The kernel returns whole hash buckets, and ENOSPC if one does not fit.
constexpr std::size_t kLeastKeys = 64;
constexpr std::size_t kMostKeys = 1 << 16;

}  // namespace

template <typename Key>
Result<> read_counts(int map, const SeeCounts<Key>& see) {
  const int processors = libbpf_num_possible_cpus();
  if (processors <= 0) return from_errno("/sys/devices/system/cpu/possible", -processors);
  const auto per_key = static_cast<std::size_t>(processors);
  std::size_t room = std::max(kBatchBytes / (per_key * sizeof(io_counts)), kLeastKeys);
  std::vector<Key> keys(room);
  std::vector<io_counts> values(room * per_key);

  std::uint32_t position = 0;
  for (bool is_first = true;;) {
    auto count = static_cast<std::uint32_t>(room);
    std::uint32_t next = 0;
    const int result = bpf_map_lookup_batch(map, is_first ? nullptr : &position, &next, keys.data(),
                                            values.data(), &count, nullptr);
    if (result == -ENOSPC && room < kMostKeys) {
      room *= 2;
      keys.resize(room);
      values.resize(room * per_key);
      continue;
    }
    if (result != 0 && result != -ENOENT) return from_errno("bpf map", -result);
    for (std::size_t i = 0; i < count; ++i) {
      IoCounts sum;
      for (std::size_t cpu = 0; cpu < per_key; ++cpu) sum.add(values[i * per_key + cpu]);
      see(keys[i], sum);
    }
    if (result == -ENOENT) return Nothing{};  // end of the map
    position = next;
    is_first = false;
  }
}

template Result<> read_counts(int map, const SeeCounts<std::uint32_t>& see);
template Result<> read_counts(int map, const SeeCounts<device_key>& see);

}  // namespace volumeter::bpf
