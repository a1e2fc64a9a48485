// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// What the programs in the kernel and the agent exchange by BPF maps: plain C, read by both.
#pragma once

#include <linux/types.h>

enum io_operation {
  IO_READ,
  IO_WRITE,
  IO_FSYNC,
  IO_MAPPED_WRITE,  // a page of a shared mapping that becomes dirty
};

// Errors by errno(3); one that has no class of its own is "other".
enum io_error { IO_EIO, IO_ENOSPC, IO_EROFS, IO_EDQUOT, IO_OTHER, IO_ERRORS };

// Latencies are counted by powers of two nanoseconds: bucket i holds those of at most
// 2^(i + IO_FIRST_BUCKET) ns, the first all below, the last all above.
enum { IO_FIRST_BUCKET = 10, IO_BUCKETS = 26 };

// Of one kind of operation on one mount or device.
struct io_counts {
  __u64 operations;  // that did not fail
  __u64 bytes;
  __u64 nanoseconds;
  __u64 latency[IO_BUCKETS];
  __u64 errors[IO_ERRORS];
};

// Of struct io_counts of mounts: `token` is that of struct watched_mount. One word: the kernel
// spends as much on the hash of a key as on all else.
static inline __u32 io_key(__u32 token, __u32 operation) { return token << 2 | operation; }
static inline __u32 io_key_token(__u32 key) { return key >> 2; }
static inline __u32 io_key_operation(__u32 key) { return key & 3; }

// A mount whose I/O counts, by its mount id. Ids are given out anew as soon as a mount is gone,
// so it has to be in the namespace and on the device that the agent saw it on.
struct watched_mount {
  __u64 namespace_id;  // as struct task_namespace has it
  __u32 token;         // the agent's own number for it, of 30 bits, never zero, never used twice
  __u32 device;        // as the kernel writes it: major << 20 | minor
};

// One record of the task iterator.
struct task_namespace {
  __u64 namespace_id;  // never used twice
  __u32 pid;
  __u32 unused;
};

// Of struct io_counts of block devices.
struct device_key {
  __u32 device;     // major << 20 | minor
  __u32 operation;  // as enum req_op has it: 0 read, 1 write, 2 flush, 3 discard
};
