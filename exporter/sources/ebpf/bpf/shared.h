// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// What the kernel programs and the agent share: the types of the BPF maps, and numbers. Plain C.
#pragma once

#include <linux/types.h>

enum io_operation {
  IO_READ,
  IO_WRITE,
  IO_FSYNC,
  IO_MAPPED_WRITE,  // a page of a shared mapping became dirty
};

// Classes of errno(3).
enum io_error { IO_EIO, IO_ENOSPC, IO_EROFS, IO_EDQUOT, IO_OTHER, IO_ERRORS };

// Latency histogram with powers of two: bucket i counts latencies of at most
// 2^(i + IO_FIRST_BUCKET) ns, the first all below, the last all above.
enum { IO_FIRST_BUCKET = 10, IO_BUCKETS = 26 };

// Counters of an operation on a mount or device.
struct io_counts {
  __u64 operations;  // successful ones
  __u64 bytes;
  __u64 nanoseconds;
  __u64 latency[IO_BUCKETS];
  __u64 errors[IO_ERRORS];
};

// The key of struct io_counts of mounts; `token` is that of struct watched_mount. A single word,
// because hashing the key takes as long as everything else.
static inline __u32 io_key(__u32 token, __u32 operation) { return token << 2 | operation; }
static inline __u32 io_key_token(__u32 key) { return key >> 2; }
static inline __u32 io_key_operation(__u32 key) { return key & 3; }

// A watched mount, by its mount id. Mount ids are reused, so namespace and device must match as
// well.
struct watched_mount {
  __u64 namespace_id;  // see struct task_namespace
  __u32 token;         // unique number from the agent, 30 bits, never 0
  __u32 device;        // kernel encoding: major << 20 | minor
};

// A record of the task iterator.
struct task_namespace {
  __u64 namespace_id;  // never reused
  __u32 pid;
  __u32 unused;
};

// Functions of the kernel that the programs call; the loader replaces these numbers, which no helper
// has (kernel_calls.h).
enum kernel_call {
  FIRST_KERNEL_CALL = 0x7E000000,
  CALL_PREEMPT_DISABLE = FIRST_KERNEL_CALL,
  CALL_PREEMPT_ENABLE,
  CALL_IRQ_SAVE,
  CALL_IRQ_RESTORE,
  AFTER_KERNEL_CALLS,
  KERNEL_CALLS = AFTER_KERNEL_CALLS - FIRST_KERNEL_CALL,
};

// The key of struct io_counts of block devices.
struct device_key {
  __u32 device;     // major << 20 | minor
  __u32 operation;  // enum req_op: 0 read, 1 write, 2 flush, 3 discard
};
