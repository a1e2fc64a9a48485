// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/libbpf.h>

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "exporter/sources/ebpf/bpf/shared.h"

namespace volumeter::bpf {

// The numbers that the running kernel gives its functions (BTF ids), in the order of enum
// kernel_call.
using KernelFunctions = std::array<int, KERNEL_CALLS>;

// Absent if the kernel lacks one of them: all came with Linux 6.14.
std::optional<KernelFunctions> find_kernel_functions();

// The instructions of a program with their calls of enum kernel_call replaced by calls of these
// functions, or removed. An `extern` function of the program with the attributes __ksym and __weak
// does not suffice: before Linux 5.16 the kernel refuses a call of a function it lacks even where it is
// never reached, and libbpf before 1.2 leaves it there.
std::vector<bpf_insn> with_kernel_calls(std::span<const bpf_insn> program,
                                        const std::optional<KernelFunctions>& functions);

// The same for all programs of an object that is not loaded yet. False without memory.
bool set_kernel_calls(bpf_object* object, const std::optional<KernelFunctions>& functions);

}  // namespace volumeter::bpf
