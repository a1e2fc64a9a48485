// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Keeps a task from being preempted in a program.
#pragma once

#include <linux/bpf.h>
// Include after the types it needs.
#include <bpf/bpf_helpers.h>

#include "shared.h"

// The loader puts in the kernel's functions or removes these calls (kernel_calls.h).
static void (*const disable_preemption)(void) = (void*)CALL_PREEMPT_DISABLE;
static void (*const enable_preemption)(void) = (void*)CALL_PREEMPT_ENABLE;
static void (*const disable_interrupts)(unsigned long* flags) = (void*)CALL_IRQ_SAVE;
static void (*const restore_interrupts)(unsigned long* flags) = (void*)CALL_IRQ_RESTORE;

// While a task is in a program, the kernel skips that program for all others on the CPU
// (prog->active). If the task is preempted there, they can run for milliseconds, uncounted.
static __always_inline void begin() { disable_preemption(); }

// The result of the program. Enabling preemption would at once give way to a task that has become
// due meanwhile, still in the program; with interrupts disabled the kernel puts that off. Now only
// an interrupt in the few instructions before begin() or after this can preempt the task.
static __always_inline int end() {
  unsigned long flags;
  disable_interrupts(&flags);
  enable_preemption();
  restore_interrupts(&flags);
  return 0;
}
