// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
#pragma once

#include <linux/bpf.h>
// Include after the types it needs.
#include <bpf/bpf_helpers.h>

#include "shared.h"

// The histogram bucket of a latency, see shared.h.
static __always_inline __u32 bucket_of(__u64 nanoseconds) {
  if (nanoseconds <= 1 << IO_FIRST_BUCKET) return 0;
  __u64 units = (nanoseconds - 1) >> IO_FIRST_BUCKET;
  if (units >> (IO_BUCKETS - 2)) return IO_BUCKETS - 1;
  // One more than the position of the highest bit.
  __u32 rest = units, bucket = 1, shift;
  shift = (rest > 0xFFFF) << 4, rest >>= shift, bucket += shift;
  shift = (rest > 0xFF) << 3, rest >>= shift, bucket += shift;
  shift = (rest > 0xF) << 2, rest >>= shift, bucket += shift;
  shift = (rest > 0x3) << 1, rest >>= shift, bucket += shift;
  bucket += rest > 1;
  return bucket < IO_BUCKETS ? bucket : IO_BUCKETS - 1;  // for the verifier
}

// Atomic, because an interrupt can count between the load and the store of a plain addition.
static __always_inline void count_up(__u64* number, __u64 by) { __sync_fetch_and_add(number, by); }

static __always_inline void count_latency(struct io_counts* counts, __u64 nanoseconds) {
  count_up(&counts->nanoseconds, nanoseconds);
  count_up(&counts->latency[bucket_of(nanoseconds)], 1);
}

// The counts of a key on this CPU, created on first use; null if the map is full.
static __always_inline struct io_counts* counts_of(void* map, const void* key,
                                                   const struct io_counts* zero) {
  struct io_counts* counts = bpf_map_lookup_elem(map, key);
  if (counts) return counts;
  bpf_map_update_elem(map, key, zero, BPF_NOEXIST);
  return bpf_map_lookup_elem(map, key);
}
