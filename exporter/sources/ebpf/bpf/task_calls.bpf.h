// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Which call a task is in, from its entry to its exit.
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
// Include after the types it needs.
#include <bpf/bpf_helpers.h>

#include "kernel_types.h"

enum {
  SLOTS = 4096,  // a power of two
  BUSY = 1,
};

// The current call of a task. A write with O_SYNC calls fsync, and a stacked filesystem calls the
// one below: `subject` identifies the outermost call.
struct task_io {
  __u64 owner;    // of a slot: identity_of(), with BUSY during calls; 0 in task storage
  __u64 subject;  // the kiocb or file; 0 outside calls
  __u64 started;
  __u64 fsync_subject;
  __u64 fsync_started;
  // The last mount used and its token: the next one is mostly the same, and looking it up costs
  // more than everything else.
  __u64 mount;
  __u32 changes;  // value of `changes` at the lookup
  __u32 mount_token;
  __u32 token;
  __u32 fsync_token;
};

// Where tasks keep their calls: task storage costs ten times as much as a slot, so it serves only
// tasks whose slot is busy with another task. A record is always used by one task:
// - Only the task that sets BUSY uses a slot, and it clears BUSY only when no call is in progress.
// - The owner is one task: no two living tasks have the same pid, and the start time tells a task
//   from an earlier one with its pid. A new owner does not see the mount of the one before.
// - A task takes a slot only if no call of its own is in progress in task storage, so entries, exits
//   and nested calls find the same record.
// A task that ends in a call (kernel oops, missed exit) leaves its slot busy: other tasks with that
// slot use task storage.
static struct task_io slots[SLOTS] __attribute__((aligned(sizeof(struct task_io))));

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct task_io);
} tasks SEC(".maps");

static __always_inline __u64 identity_of(const struct task_struct* task) {
  return (__u64)task->pid << 32 | ((__u32)task->start_time & ~BUSY);
}

static __always_inline struct task_io* slot_of(const struct task_struct* task) {
  return &slots[task->pid & (SLOTS - 1)];
}

static __always_inline bool is_in_call(const struct task_io* task) {
  return task->subject || task->fsync_subject;
}

// The record of this task, to be given back; null without memory.
static __always_inline struct task_io* take() {
  struct task_struct* task = bpf_get_current_task_btf();
  struct task_io* slot = slot_of(task);
  __u64 self = identity_of(task);
  __u64 owner = __sync_val_compare_and_swap(&slot->owner, self, self | BUSY);
  if ((owner | BUSY) == (self | BUSY)) return slot;
  struct task_io* stored = bpf_task_storage_get(&tasks, task, 0, 0);
  if (!(owner & BUSY) && !(stored && is_in_call(stored)) &&
      __sync_val_compare_and_swap(&slot->owner, owner, self | BUSY) == owner) {
    slot->mount = 0;
    return slot;
  }
  if (stored) return stored;
  return bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

static __always_inline void give_back(struct task_io* task) {
  __u64 owner = task->owner;
  if (owner && !is_in_call(task)) __sync_lock_test_and_set(&task->owner, owner & ~(__u64)BUSY);
}

// The record of this task; null if no call is in progress.
static __always_inline struct task_io* find_taken() {
  struct task_struct* task = bpf_get_current_task_btf();
  struct task_io* slot = slot_of(task);
  __u64 self = identity_of(task);
  __u64 owner = slot->owner;
  if (owner == (self | BUSY)) return slot;
  return owner == self ? 0 : bpf_task_storage_get(&tasks, task, 0, 0);
}
