// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The kernel types used by the programs. Only names matter: the loader takes the offsets from the
// running kernel (CO-RE).
#pragma once

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
  unsigned int inum;
};

struct ns_common___v6_18 {
  __u64 ns_id;
};

struct mnt_namespace {
  struct ns_common ns;
  __u64 seq;  // increases with each namespace; until Linux 6.17
};

struct super_block {
  __u32 s_dev;
};

struct vfsmount {
  struct super_block* mnt_sb;
};

struct mount {
  struct vfsmount mnt;
  struct mnt_namespace* mnt_ns;
  int mnt_id;
};

struct path {
  struct vfsmount* mnt;
};

struct file {
  struct path f_path;
};

struct kiocb {
  struct file* ki_filp;
  void (*ki_complete)(struct kiocb* iocb, long result);
  int ki_flags;
};

struct vm_area_struct {
  struct file* vm_file;
};

struct vm_fault {
  struct vm_area_struct* vma;
};

struct nsproxy {
  struct mnt_namespace* mnt_ns;
};

struct task_struct {
  unsigned int flags;
  int pid;
  int tgid;
  __u64 start_time;
  struct nsproxy* nsproxy;
};

struct seq_file;

struct bpf_iter_meta {
  struct seq_file* seq;
};

struct bpf_iter__task {
  struct bpf_iter_meta* meta;
  struct task_struct* task;
};

struct gendisk {
  int major;
  int first_minor;
};

struct request_queue {
  struct gendisk* disk;
};

struct request {
  struct request_queue* q;
  unsigned int cmd_flags;
  unsigned int rq_flags;
  unsigned int __data_len;
  __u64 start_time_ns;
};

// Bit numbers. Before Linux 6.11 these were macros, which are not in BTF.
enum rqf_flags { __RQF_FLUSH_SEQ = 1 };

// Until Linux 5.16 the disk is in the request.
struct request___v5_16 {
  struct gendisk* rq_disk;
};

#pragma clang attribute pop
