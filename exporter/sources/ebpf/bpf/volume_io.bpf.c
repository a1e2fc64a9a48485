// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Counts reads, writes and fsyncs through watched mounts at the functions of the filesystem, which
// all callers use: io_uring, AIO, readv(2), splice(2) and sendfile(2) count like read(2), while
// pipes, sockets and other filesystems cost nothing.
//
// The agent loads these programs once per filesystem type, with the functions to trace; all
// instances share one set of maps.
#include <stdbool.h>

#include "kernel_types.h"

// clang-format off: the order matters
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "counting.bpf.h"
#include "task_calls.bpf.h"
#include "unpreempted.bpf.h"
// clang-format on

enum {
  MAX_MOUNTS = 4096,
  KIOCB_DIRECT = 1 << 17,  // IOCB_DIRECT of include/linux/fs.h
  TASK_IS_WORKER = 0x20,   // PF_WQ_WORKER of include/linux/sched.h
  // Results that are not final: the caller retries, or the result comes later.
  NO_ANSWER_AGAIN = -11,           // EAGAIN
  NO_ANSWER_RESTART_FIRST = -516,  // ERESTART_RESTARTBLOCK ... ERESTARTSYS
  NO_ANSWER_RESTART_LAST = -512,
  NO_ANSWER_QUEUED = -529,  // EIOCBQUEUED
};

char LICENSE[] SEC("license") = "GPL";

// Direct I/O of io_uring or AIO in flight; another function reports its completion.
struct queued_io {
  __u64 started;
  __u32 token;
  __u32 operation;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, MAX_MOUNTS);
  __type(key, __u32);
  __type(value, struct watched_mount);
} watched_mounts SEC(".maps");

// The number of changes of `watched_mounts` by the agent.
__u32 changes SEC(".data.changes");

// By io_key().
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 4 * MAX_MOUNTS);
  __type(key, __u32);
  __type(value, struct io_counts);
} counts SEC(".maps");

// By kiocb. LRU: entries without a completion are evicted by newer ones.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, __u64);
  __type(value, struct queued_io);
} queued SEC(".maps");

static const struct io_counts kNothing;

static __always_inline __u64 namespace_id(struct mnt_namespace* mnt_ns) {
  if (bpf_core_field_exists(struct mnt_namespace, seq)) return BPF_CORE_READ(mnt_ns, seq);
  struct ns_common___v6_18* common = (void*)&mnt_ns->ns;
  if (bpf_core_field_exists(struct ns_common___v6_18, ns_id)) return BPF_CORE_READ(common, ns_id);
  return BPF_CORE_READ(mnt_ns, ns.inum);
}

// The token of a mount; 0 if not watched.
static __always_inline __u32 find_token(struct vfsmount* vfsmount) {
  struct mount* mount = (void*)vfsmount - bpf_core_field_offset(struct mount, mnt);
  __u32 id = BPF_CORE_READ(mount, mnt_id);
  const struct watched_mount* watched = bpf_map_lookup_elem(&watched_mounts, &id);
  if (!watched || vfsmount->mnt_sb->s_dev != watched->device) return 0;
  return namespace_id(BPF_CORE_READ(mount, mnt_ns)) == watched->namespace_id ? watched->token : 0;
}

// The token of the mount of `file`. The address of an unmounted mount can be reused, but not by a
// mount that a task of the same container can reach.
static __always_inline __u32 token_of(struct task_io* task, struct file* file) {
  __u32 now = changes;
  struct vfsmount* mount = file->f_path.mnt;
  if (task->mount != (__u64)mount || task->changes != now) {
    task->changes = now;
    task->mount = (__u64)mount;
    task->mount_token = find_token(mount);
  }
  return task->mount_token;
}

static __always_inline enum io_error error_class(long result) {
  switch (result) {
    case -5: return IO_EIO;
    case -28: return IO_ENOSPC;
    case -30: return IO_EROFS;
    case -122: return IO_EDQUOT;
    default: return IO_OTHER;
  }
}

static __always_inline bool is_answer(long result) {
  return result >= 0 || (result != NO_ANSWER_QUEUED && result != NO_ANSWER_AGAIN &&
                         !(result >= NO_ANSWER_RESTART_FIRST && result <= NO_ANSWER_RESTART_LAST));
}

static __always_inline void count(__u32 token, __u32 operation, __u64 started, long result) {
  __u32 key = io_key(token, operation);
  struct io_counts* found = counts_of(&counts, &key, &kNothing);
  if (!found) return;
  if (result < 0) {
    count_up(&found->errors[error_class(result)], 1);
    return;
  }
  count_up(&found->operations, 1);
  count_up(&found->bytes, result);
  count_latency(found, bpf_ktime_get_ns() - started);
}

// The record of the call; null if it is not counted.
static __always_inline struct task_io* enter(void* subject, struct file* file) {
  struct task_io* task = take();
  if (!task) return 0;
  __u32 token = token_of(task, file);
  if (!token) {
    // A missed exit of an earlier call must not be taken for the exit of this one.
    if (task->subject == (__u64)subject) task->subject = 0;
    give_back(task);
    return 0;
  }
  task->subject = (__u64)subject;
  task->token = token;
  task->started = bpf_ktime_get_ns();
  return task;
}

// The completion can be reported before this call returns, so the start is stored first.
static __always_inline void enter_iocb(struct kiocb* iocb, __u32 operation) {
  struct task_io* task = enter(iocb, iocb->ki_filp);
  if (!(iocb->ki_flags & KIOCB_DIRECT) || !iocb->ki_complete) return;
  if (!task) {
    __u64 key = (__u64)iocb;  // may be left over from a call without a completion
    bpf_map_delete_elem(&queued, &key);
    return;
  }
  struct queued_io io = {.started = task->started, .token = task->token, .operation = operation};
  bpf_map_update_elem(&queued, &task->subject, &io, BPF_ANY);
}

static __always_inline void leave(void* subject, __u32 operation, long result) {
  struct task_io* task = find_taken();
  if (!task || task->subject != (__u64)subject) return;
  if (is_answer(result)) count(task->token, operation, task->started, result);
  task->subject = 0;
  give_back(task);
}

static __always_inline void leave_iocb(struct kiocb* iocb, __u32 operation, long result) {
  // A queued iocb may already be completed and freed, so it must not be accessed.
  if (result != NO_ANSWER_QUEUED && (iocb->ki_flags & KIOCB_DIRECT)) {
    __u64 key = (__u64)iocb;
    bpf_map_delete_elem(&queued, &key);
  }
  leave(iocb, operation, result);
}

static __always_inline void enter_fsync(struct file* file) {
  // A queued synchronous write completes in a kernel worker, which calls fsync.
  if (bpf_get_current_task_btf()->flags & TASK_IS_WORKER) return;
  struct task_io* task = take();
  if (!task || task->subject) return;  // part of a synchronous write
  __u32 token = token_of(task, file);
  if (token) {
    task->fsync_subject = (__u64)file;
    task->fsync_token = token;
    task->fsync_started = bpf_ktime_get_ns();
  } else if (task->fsync_subject == (__u64)file) {
    task->fsync_subject = 0;  // of a missed exit
  }
  give_back(task);
}

static __always_inline void leave_fsync(struct file* file, int result) {
  struct task_io* task = find_taken();
  if (!task || task->fsync_subject != (__u64)file) return;
  if (is_answer(result)) count(task->fsync_token, IO_FSYNC, task->fsync_started, result);
  task->fsync_subject = 0;
  give_back(task);
}

static __always_inline void count_mapped_write(struct file* file) {
  struct task_io* task = take();
  if (!task) return;
  __u32 token = token_of(task, file);
  give_back(task);
  if (!token) return;
  __u32 key = io_key(token, IO_MAPPED_WRITE);
  struct io_counts* found = counts_of(&counts, &key, &kNothing);
  if (found) count_up(&found->operations, 1);
}

static __always_inline void complete(struct kiocb* iocb, long result) {
  __u64 key = (__u64)iocb;
  const struct queued_io* io = bpf_map_lookup_elem(&queued, &key);
  if (!io) return;
  if (is_answer(result)) count(io->token, io->operation, io->started, result);
  bpf_map_delete_elem(&queued, &key);
}

SEC("fentry") int BPF_PROG(read_enter, struct kiocb* iocb) {
  begin();
  enter_iocb(iocb, IO_READ);
  return end();
}

SEC("fexit") int BPF_PROG(read_exit, struct kiocb* iocb, void* to, long result) {
  begin();
  leave_iocb(iocb, IO_READ, result);
  return end();
}

SEC("fentry") int BPF_PROG(write_enter, struct kiocb* iocb) {
  begin();
  enter_iocb(iocb, IO_WRITE);
  return end();
}

SEC("fexit") int BPF_PROG(write_exit, struct kiocb* iocb, void* from, long result) {
  begin();
  leave_iocb(iocb, IO_WRITE, result);
  return end();
}

// Since Linux 6.5 splice(2) and sendfile(2) read with a function of their own.
SEC("fentry") int BPF_PROG(splice_read_enter, struct file* in) {
  begin();
  enter(in, in);
  return end();
}

SEC("fexit")
int BPF_PROG(splice_read_exit, struct file* in, void* offset, void* pipe, unsigned long length,
             unsigned int flags, long result) {
  begin();
  leave(in, IO_READ, result);
  return end();
}

// overlayfs has its own function for splice(2) to a file.
SEC("fentry") int BPF_PROG(splice_write_enter, void* pipe, struct file* out) {
  begin();
  enter(out, out);
  return end();
}

SEC("fexit")
int BPF_PROG(splice_write_exit, void* pipe, struct file* out, void* offset, unsigned long length,
             unsigned int flags, long result) {
  begin();
  leave(out, IO_WRITE, result);
  return end();
}

SEC("fentry") int BPF_PROG(fsync_enter, struct file* file) {
  begin();
  enter_fsync(file);
  return end();
}

SEC("fexit")
int BPF_PROG(fsync_exit, struct file* file, long long start, long long end_of_range, int datasync,
             int result) {
  begin();
  leave_fsync(file, result);
  return end();
}

// A clean page of a shared mapping is about to become dirty.
SEC("fentry") int BPF_PROG(mapped_write, struct vm_fault* fault) {
  begin();
  count_mapped_write(fault->vma->vm_file);
  return end();
}

// For each completion function of io_uring and AIO.
SEC("fentry") int BPF_PROG(queued_done, struct kiocb* iocb, long result) {
  begin();
  complete(iocb, result);
  return end();
}

// Lists the mount namespace of each process.
SEC("iter/task") int list_namespaces(struct bpf_iter__task* context) {
  struct task_struct* task = context->task;
  if (!task || task->pid != task->tgid) return 0;
  struct nsproxy* proxy = BPF_CORE_READ(task, nsproxy);
  if (!proxy) return 0;  // a zombie
  struct task_namespace record = {.pid = task->tgid,
                                  .namespace_id = namespace_id(BPF_CORE_READ(proxy, mnt_ns))};
  bpf_seq_write(context->meta->seq, &record, sizeof(record));
  return 0;
}
