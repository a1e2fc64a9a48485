// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Measures how long block devices take for a request, queueing in the kernel included: at its
// end alone, from the time that the kernel itself wrote into it at its beginning. Nothing is read
// but by typed pointers, which a kernel that is locked down still allows.
#include "kernel_types.h"

// clang-format off: the order matters
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "counting.bpf.h"
// clang-format on

enum {
  MAX_DEVICES = 4096,
  OPERATION_MASK = 0xFF,  // REQ_OP_MASK of include/linux/blk_types.h
  LAST_OPERATION = 3,     // discard; what is above is no request of a filesystem
  MINOR_BITS = 20,
};

char LICENSE[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, MAX_DEVICES);
  __type(key, struct device_key);
  __type(value, struct io_counts);
} device_counts SEC(".maps");

static const struct io_counts kNothing;

static __always_inline struct gendisk* disk_of(struct request* request) {
  if (bpf_core_field_exists(struct request_queue, disk)) return request->q->disk;
  return ((struct request___v5_16*)request)->rq_disk;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(request_done, struct request* request, int status, unsigned int bytes) {
  // Zero where the queue keeps no statistics (/sys/block/*/queue/iostats).
  __u64 started = request->start_time_ns;
  // A request may be done in parts; the last one ends it.
  if (!started || bytes < request->__data_len) return 0;
  struct device_key key = {.operation = request->cmd_flags & OPERATION_MASK};
  if (key.operation > LAST_OPERATION) return 0;
  struct gendisk* disk = disk_of(request);
  if (!disk) return 0;
  key.device = (__u32)disk->major << MINOR_BITS | (__u32)disk->first_minor;

  struct io_counts* found = counts_of(&device_counts, &key, &kNothing);
  if (!found) return 0;
  found->operations += 1;
  count_latency(found, bpf_ktime_get_ns() - started);
  return 0;
}
