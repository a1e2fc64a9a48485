// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Measures the latency of block device requests, including queueing. Traces only completions: the
// kernel itself stores the start time in the request. Reads only through typed pointers, which a
// locked-down kernel still allows.
#include <stdbool.h>

#include "kernel_types.h"

// clang-format off: the order matters
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "counting.bpf.h"
#include "unpreempted.bpf.h"
// clang-format on

enum {
  MAX_DEVICES = 4096,
  OPERATION_MASK = 0xFF,  // REQ_OP_MASK of include/linux/blk_types.h
  WRITE = 1,
  FLUSH = 2,
  LAST_OPERATION = 3,  // discard; higher ones are not filesystem requests, except:
  ZONE_APPEND = 7,     // "write same" until Linux 5.18
  WRITE_ZEROES = 9,
  MINOR_BITS = 20,
  FLUSH_SEQ_BIT_BEFORE_6_11 = 4,
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

// The same classes as in /proc/diskstats.
static __always_inline __u32 operation_of(struct request* request) {
  __u32 operation = request->cmd_flags & OPERATION_MASK;
  return operation == ZONE_APPEND || operation == WRITE_ZEROES ? WRITE : operation;
}

// Whether this is the data part of a write with a cache flush before or after it. The kernel
// reports its completion and then that of the whole write; /proc/diskstats counts only the latter.
static __always_inline bool is_part_of_flush(struct request* request, __u32 operation) {
  __u32 bit = FLUSH_SEQ_BIT_BEFORE_6_11;
  if (bpf_core_enum_value_exists(enum rqf_flags, __RQF_FLUSH_SEQ)) {
    bit = bpf_core_enum_value(enum rqf_flags, __RQF_FLUSH_SEQ);
  }
  return operation != FLUSH && (request->rq_flags & 1U << bit);
}

static __always_inline void count(struct request* request, unsigned int bytes) {
  // 0 if statistics are disabled (/sys/block/*/queue/iostats).
  __u64 started = request->start_time_ns;
  // A request can complete in parts; only the last one counts.
  if (!started || bytes < request->__data_len) return;
  struct device_key key = {.operation = operation_of(request)};
  if (key.operation > LAST_OPERATION || is_part_of_flush(request, key.operation)) return;
  struct gendisk* disk = disk_of(request);
  if (!disk) return;
  key.device = (__u32)disk->major << MINOR_BITS | (__u32)disk->first_minor;

  struct io_counts* found = counts_of(&device_counts, &key, &kNothing);
  if (!found) return;
  count_up(&found->operations, 1);
  count_latency(found, bpf_ktime_get_ns() - started);
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(request_done, struct request* request, int status, unsigned int bytes) {
  begin();
  count(request, bytes);
  return end();
}
