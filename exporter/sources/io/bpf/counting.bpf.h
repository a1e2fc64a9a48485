// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
#pragma once

#include <linux/bpf.h>
// After the types that it needs.
#include <bpf/bpf_helpers.h>

#include "shared.h"

// The smallest n with value <= 2^n.
static __always_inline __u32 log2_ceiling(__u64 value) {
  if (value < 2) return 0;
  value -= 1;
  __u32 n = 1, shift;
  shift = (value > 0xFFFFFFFF) << 5, value >>= shift, n += shift;
  shift = (value > 0xFFFF) << 4, value >>= shift, n += shift;
  shift = (value > 0xFF) << 3, value >>= shift, n += shift;
  shift = (value > 0xF) << 2, value >>= shift, n += shift;
  shift = (value > 0x3) << 1, value >>= shift, n += shift;
  return n + (value > 1);
}

static __always_inline void count_latency(struct io_counts* counts, __u64 nanoseconds) {
  __u32 bucket = log2_ceiling(nanoseconds);
  bucket = bucket < IO_FIRST_BUCKET ? 0 : bucket - IO_FIRST_BUCKET;
  if (bucket >= IO_BUCKETS) bucket = IO_BUCKETS - 1;
  counts->nanoseconds += nanoseconds;
  counts->latency[bucket] += 1;
}

// The counts of a key on this processor, made at their first use; null if the map is full.
static __always_inline struct io_counts* counts_of(void* map, const void* key,
                                                   const struct io_counts* zero) {
  struct io_counts* counts = bpf_map_lookup_elem(map, key);
  if (counts) return counts;
  bpf_map_update_elem(map, key, zero, BPF_NOEXIST);
  return bpf_map_lookup_elem(map, key);
}
