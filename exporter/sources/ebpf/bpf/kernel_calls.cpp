// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/bpf/kernel_calls.h"

#include <bpf/btf.h>

#include <cstddef>
#include <memory>

namespace volumeter::bpf {
namespace {

// In the order of enum kernel_call.
constexpr const char* kNames[KERNEL_CALLS] = {"bpf_preempt_disable", "bpf_preempt_enable",
                                              "bpf_local_irq_save", "bpf_local_irq_restore"};

bool is_kernel_call(const bpf_insn& instruction) {
  return instruction.code == (BPF_JMP | BPF_CALL) && instruction.src_reg == 0 &&
         instruction.imm >= FIRST_KERNEL_CALL && instruction.imm < AFTER_KERNEL_CALLS;
}

}  // namespace

std::optional<KernelFunctions> find_kernel_functions() {
  const std::unique_ptr<btf, void (*)(btf*)> types(btf__load_vmlinux_btf(), btf__free);
  if (!types) return std::nullopt;
  KernelFunctions found{};
  for (std::size_t i = 0; i < found.size(); ++i) {
    found[i] = btf__find_by_name_kind(types.get(), kNames[i], BTF_KIND_FUNC);
    if (found[i] <= 0) return std::nullopt;
  }
  return found;
}

std::vector<bpf_insn> with_kernel_calls(std::span<const bpf_insn> program,
                                        const std::optional<KernelFunctions>& functions) {
  std::vector<bpf_insn> done(program.begin(), program.end());
  for (bpf_insn& instruction : done) {
    if (!is_kernel_call(instruction)) continue;
    if (functions) {
      instruction.src_reg = BPF_PSEUDO_KFUNC_CALL;
      instruction.imm = (*functions)[static_cast<std::size_t>(instruction.imm - FIRST_KERNEL_CALL)];
    } else {
      instruction = {};
      instruction.code = BPF_JMP | BPF_JA;  // to the next one
    }
  }
  return done;
}

bool set_kernel_calls(bpf_object* object, const std::optional<KernelFunctions>& functions) {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    auto instructions =
        with_kernel_calls({bpf_program__insns(program), bpf_program__insn_cnt(program)}, functions);
    if (bpf_program__set_insns(program, instructions.data(), instructions.size()) != 0)
      return false;
  }
  return true;
}

}  // namespace volumeter::bpf
